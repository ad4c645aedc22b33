// How songs get into the page: dropped anywhere, pasted, or chosen.

/**
 * @param overlay shown while files are held over the page
 * @param onFolder a folder was dropped, which is no song
 */
export function takeFiles(
  {
    overlay,
    button,
    input,
    isOpen,
  }: { overlay: HTMLElement; button: HTMLButtonElement; input: HTMLInputElement; isOpen(): boolean },
  { onFiles, onFolder }: { onFiles(files: File[]): void; onFolder(name: string): void },
): void {
  const holdsFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') === true
  const isForUs = (event: DragEvent) => holdsFiles(event) && isOpen()

  document.addEventListener('dragenter', (event) => {
    if (isForUs(event)) overlay.hidden = false
  })
  document.addEventListener('dragover', (event) => {
    // Wherever a file is let go, the browser should not leave the page for it.
    if (!holdsFiles(event)) return
    event.preventDefault()
    if (event.dataTransfer) event.dataTransfer.dropEffect = isOpen() ? 'copy' : 'none'
  })
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) overlay.hidden = true
  })
  document.addEventListener('drop', (event) => {
    overlay.hidden = true
    if (!holdsFiles(event)) return
    event.preventDefault()
    if (!isOpen()) return
    const files: File[] = []
    for (const item of event.dataTransfer?.items ?? []) {
      const file = item.kind === 'file' ? item.getAsFile() : null
      if (!file) continue
      if (item.webkitGetAsEntry()?.isDirectory) onFolder(file.name)
      else files.push(file)
    }
    if (files.length > 0) onFiles(files)
  })
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])]
    if (files.length === 0 || !isOpen()) return
    event.preventDefault()
    onFiles(files)
  })
  button.addEventListener('click', () => input.click())
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])]
    // So that the same one can be chosen again.
    input.value = ''
    if (files.length > 0) onFiles(files)
  })
}
