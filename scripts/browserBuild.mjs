// What stands for Node and for the rooms of this computer when skep is bundled for a browser: files of src/browser, and where there is none, modules
// whose members say that a browser has no such thing.
import { existsSync } from "node:fs"
import { resolve } from "node:path"

const ROOMS = /^\.\.?\/(?:.*\/)?(kernel|symbols|cache|containers)\/index\.ts$/

const standIns = {
  name: "what a browser has not",
  setup(build) {
    build.onResolve({ filter: /^(node:|koffi$)/ }, ({ path }) => ({ path, namespace: "absent" }))
    build.onResolve({ filter: ROOMS }, ({ path }) => ({ path: ROOMS.exec(path)[1], namespace: "absent" }))
    build.onLoad({ filter: /.*/, namespace: "absent" }, ({ path }) => {
      const name = path.replace(/^node:/, "")
      const own = resolve(`src/browser/${name.replace("/", "-")}.ts`)
      const absent = `require(${JSON.stringify(resolve("src/browser/absent.ts"))}).absentModule(${JSON.stringify(name)})`
      const contents = existsSync(own)
        ? `module.exports = Object.assign(${absent}, require(${JSON.stringify(own)}))`
        : `module.exports = ${absent}`
      return { contents, resolveDir: "." }
    })
  },
}

/** Options with which esbuild bundles skep's sources for a browser. */
export const forBrowser = {
  bundle: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  loader: { ".h": "text", ".c": "text" },
  define: { "process.platform": '"browser"', "process.arch": '"x64"', "process.env": "{}" },
  inject: [resolve("src/browser/immediate.ts")],
  plugins: [standIns],
  logLevel: "warning",
}
