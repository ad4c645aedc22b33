// In a results page, before anything of its own: remembers how the page connects its gains, so that `tapStems` can listen at the stems'.
{
  const connect = AudioNode.prototype.connect
  const gains = []
  AudioNode.prototype.connect = function (target, ...more) {
    if (this instanceof GainNode) gains.push({ from: this, to: target })
    return connect.call(this, target, ...more)
  }

  const heard = { clock: 0, changes: [] }
  globalThis.heard = heard

  globalThis.tapStems = async (processor) => {
    const sources = (of) => gains.filter(({ to }) => to === of).map(({ from }) => from)
    const { context } = gains[0].from
    const [fader] = sources(context.destination)
    const [master] = sources(fader)
    const stems = sources(master)
    await context.audioWorklet.addModule(processor)
    const tap = new AudioWorkletNode(context, 'tap', { numberOfInputs: stems.length })
    tap.port.onmessage = ({ data }) => {
      heard.clock = data.clock
      if (data.stem !== undefined) heard.changes.push(data)
    }
    for (const [stem, gain] of stems.entries()) connect.call(gain, tap, 0, stem)
    connect.call(tap, context.destination)
    return { stems: stems.length, sampleRateHz: context.sampleRate }
  }
}
