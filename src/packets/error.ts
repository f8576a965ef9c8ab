import { type ErrorParts, SkepError } from "../base/index.ts"

/** An error of this room. */
export class PacketsError extends SkepError {}

const DAMAGED = "the capture is damaged from there on; the packets in front of it were read"

/** `at` counts bytes from the beginning of the file. */
export const badCapture = (what: string, at: number): PacketsError =>
  failed({ code: "PACKETS_BAD_CAPTURE", message: `the capture has ${what} at byte ${at}`, hint: DAMAGED })

/** A file that ends inside of a record that began at byte `at`. */
export const cutOff = (at: number, length: number): PacketsError =>
  failed({
    code: "PACKETS_CUT_OFF",
    message: `the capture ends inside the record at byte ${at}: the file has ${length} bytes`,
    hint: "whatever wrote it was stopped; the packets in front of it were read",
  })

export const failed = (parts: ErrorParts): PacketsError => new PacketsError(parts)
