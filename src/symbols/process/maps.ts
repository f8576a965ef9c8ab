import { readFileSync } from "node:fs"

/** A part of a process's memory: a line of /proc/PID/maps. */
export interface Mapping {
  readonly start: number
  /** The first byte behind it. */
  readonly end: number
  readonly executable: boolean
  /** Byte of the file at `start`. */
  readonly fileOffset: number
  /** Device and inode of the file, `0` inodes are no files. */
  readonly device: string
  readonly inode: number
  /** Path in the process's own mount namespace, `[heap]` and its like, or "". What was deleted is told apart by `deleted`. */
  readonly path: string
  readonly deleted: boolean
}

/** Lines of maps that are read: the kernel allows 65,530 parts by itself. */
const MOST_LINES = 1 << 20

/**
 * The parts of a process's memory. What is no such line is left out.
 *
 *     START-END rwxp OFFSET MAJOR:MINOR INODE   PATH [ (deleted)]
 */
export function parseMaps(text: string): Mapping[] {
  const mappings: Mapping[] = []
  const line = /^([0-9a-f]+)-([0-9a-f]+) (..)(.)\S? ([0-9a-f]+) ([0-9a-f]+:[0-9a-f]+) (\d+) *(.*)$/gm
  for (const found of text.matchAll(line)) {
    const [, start, end, , execute, offset, device, inode, name] = found
    const deleted = name.endsWith(" (deleted)")
    mappings.push({
      start: Number.parseInt(start, 16),
      end: Number.parseInt(end, 16),
      executable: execute === "x",
      fileOffset: Number.parseInt(offset, 16),
      device,
      inode: Number(inode),
      // A newline in a path is written as \012, and so is nothing else.
      path: (deleted ? name.slice(0, -10) : name).replaceAll("\\012", "\n"),
      deleted,
    })
    if (mappings.length === MOST_LINES) break
  }
  return mappings
}

/** The parts of a running process's memory; none for a process that is gone, or that this one may not look at. */
export function processMaps(pid: number | "self"): Mapping[] {
  try {
    return parseMaps(readFileSync(`/proc/${pid}/maps`, "utf8"))
  } catch {
    return []
  }
}
