import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"

/** The project's files as paths from the top folder: what git has, and what is new and not ignored. */
export function projectFiles(): string[] {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  })
  return list.split("\0").filter(path => path && existsSync(path))
}

export type Line = { path: string; number: number; text: string }

/** The lines of the files that match, with their places. */
export function linesOf(paths: string[]): Line[] {
  return paths.flatMap(path =>
    readFileSync(path, "utf8")
      .split("\n")
      .map((text, i) => ({ path, number: i + 1, text })),
  )
}

/** Places as an editor and a person read them, one a line. */
export function places(found: Line[]): string {
  return found.map(({ path, number, text }) => `${path}:${number}: ${text.trim().slice(0, 160)}\n`).join("")
}
