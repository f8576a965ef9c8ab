const utf8 = new TextDecoder("utf-8", { ignoreBOM: true })

/** The UTF-8 text that starts at byte `at` and ends before the first NUL or at the end of the bytes. */
export function textAt(bytes: Uint8Array, at: number): string {
  let text = ""
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i]
    if (byte === 0) break
    if (byte >= 0x80) {
      const end = bytes.indexOf(0, i)
      return utf8.decode(bytes.subarray(at, end < 0 ? bytes.length : end))
    }
    text += String.fromCharCode(byte)
  }
  return text
}
