// A slider: where it stands drawn and said.

export function setSlider(slider: HTMLInputElement, value: number, words: string): void {
  slider.value = value.toFixed(2)
  slider.style.setProperty('--filled', String(value / Number(slider.max)))
  slider.setAttribute('aria-valuetext', words)
}
