// A WAV file of 16-bit samples, part by part. Pure.

const HEADER_BYTES = 44
const BYTES_A_SAMPLE = 2
const FULL_SCALE = 2 ** 15

export function wavHeader(sampleRateHz: number, channels: number, frames: number): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES))
  const frameBytes = channels * BYTES_A_SAMPLE
  const dataBytes = frames * frameBytes
  const text = (at: number, words: string) => {
    for (let i = 0; i < words.length; i++) header.setUint8(at + i, words.charCodeAt(i))
  }
  text(0, 'RIFF')
  header.setUint32(4, HEADER_BYTES - 8 + dataBytes, true)
  text(8, 'WAVEfmt ')
  header.setUint32(16, 16, true)
  header.setUint16(20, 1, true)
  header.setUint16(22, channels, true)
  header.setUint32(24, sampleRateHz, true)
  header.setUint32(28, sampleRateHz * frameBytes, true)
  header.setUint16(32, frameBytes, true)
  header.setUint16(34, BYTES_A_SAMPLE * 8, true)
  text(36, 'data')
  header.setUint32(40, dataBytes, true)
  return new Uint8Array(header.buffer)
}

/** Channels beside one another, each sample the nearest of the 16-bit steps; little-endian, as every machine with a browser is. */
export function wavSamples(channels: Float32Array[], scale: number): Int16Array<ArrayBuffer> {
  const frames = channels[0]?.length ?? 0
  const steps = new Int16Array(frames * channels.length)
  for (const [channel, samples] of channels.entries())
    for (let frame = 0; frame < frames; frame++) {
      const step = Math.round((samples[frame] ?? 0) * scale * FULL_SCALE)
      steps[frame * channels.length + channel] = Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, step))
    }
  return steps
}
