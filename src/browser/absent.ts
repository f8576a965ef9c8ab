import { SkepError } from "../base/index.ts"

/** What a page asks of a computer that a browser has not: files, the kernel, processes. */
export function noComputer(what: string): SkepError {
  return new SkepError({
    code: "BROWSER_NO_COMPUTER",
    message: `a browser has no ${what}`,
    hint: 'in a page, programs are text or objects, and run on the embedded machine: BPF.load({ text, on: "vm" })',
  })
}

/** A module of which every member is a function that throws. `name` is the module's. */
export function absentModule(name: string): object {
  const absent = (what: string): object =>
    new Proxy(function absent() {}, {
      get: (target, key) =>
        typeof key === "symbol" ? Reflect.get(target, key) : key === "__esModule" ? false : absent(`${what}.${key}`),
      apply: () => {
        throw noComputer(what)
      },
      construct: () => {
        throw noComputer(what)
      },
    })
  // Members are looked for in the prototype where the module has none of its own.
  return Object.create(absent(name)) as object
}
