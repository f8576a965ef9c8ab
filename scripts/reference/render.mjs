// The reference as Markdown: a page for each area, and an index.
import { existsSync } from "node:fs"

/** The pages: file, title, what it is about, and the files of src/ whose exports it has. The first that fits takes a file. */
const PAGES = [
  [
    "attach",
    "Places to attach to",
    "What the attaching methods of `BPF` take and give.",
    /^bpf\/attach|^machine\/(target|perfEvent|cgroupHooks|iterator)|^isa\/attachType/,
  ],
  ["maps", "Maps", "A class for each type of map, and how values are decoded.", /^bpf\/maps|^btf\/|^machine\/map/],
  [
    "events",
    "Events and output",
    "Streams of events, in objects and in batches, and what programs print.",
    /^bpf\/events|^machine\/(events|trace)|^bpf\/trace/,
  ],
  ["network", "The network", "Traffic control, XDP, raw sockets, and names of TCP.", /^bpf\/network|^machine\/network/],
  [
    "symbols",
    "Symbols, stacks and static probes",
    "Functions of the kernel and of programs by name and by address.",
    /^bpf\/user|^symbols\//,
  ],
  [
    "host",
    "This computer",
    "What the kernel can do, system calls, CPUs, files, and commands that wait for their probes.",
    /^bpf\/host|^kernel\//,
  ],
  [
    "simulation",
    "A simulated computer",
    "A kernel, processes, a disk and a network that are not there, to run programs on.",
    /^bpf\/simulate|^sim\//,
  ],
  ["bundler", "In a bundle", "What `skep/bundler` exports: plugins by which C files are imported.", /^bundler\//],
  ["errors", "Errors", "The one class of errors, and where in a source one is.", /^base\//],
  ["programs", "Programs", "`BPF`, what it is loaded with, and what the kernel makes of it.", /./],
]

const pageOf = ({ file }) => PAGES.find(([, , , files]) => files.test(file))[0]

/** GitHub's name of a heading. */
const anchor = heading =>
  heading
    .toLowerCase()
    .replace(/[^\w -]/g, "")
    .replaceAll(" ", "-")

/** Text of every page by its path. @param {import("./model.mjs").Entry[]} entries @returns {Map<string, string>} */
export function renderPages(entries) {
  const known = new Map(entries.map(entry => [entry.name, entry]))
  const pages = new Map()
  for (const [name, title, about] of PAGES) {
    const own = entries.filter(entry => pageOf(entry) === name)
    const parts = own.map(entry => entryText(entry, name, known))
    pages.set(
      `docs/reference/${name}.md`,
      `# ${title}\n\n${about} Made by \`npm run docs\` from the docstrings.\n\n${parts.join("\n")}`,
    )
  }
  pages.set("docs/reference/README.md", indexText(entries, known))
  return pages
}

function indexText(entries, known) {
  const lines = [
    "# Reference",
    "",
    "Every name that `skep` and `skep/bundler` export, and the types that they refer to. Made by `npm run docs` from the docstrings.",
    "",
  ]
  for (const [name, title, about] of [PAGES.at(-1), ...PAGES.slice(0, -1)]) {
    lines.push(`## [${title}](${name}.md)`, "", about, "")
    for (const entry of entries.filter(one => one.exported && pageOf(one) === name)) {
      lines.push(
        `- [${entry.name}](${name}.md#${anchor(entry.name)}): ${first(linked(entry.doc?.text ?? "", "README", known, entry))}`,
      )
    }
    lines.push("")
  }
  return lines.join("\n")
}

/** The first sentence, on one line. */
const first = text => {
  const line = text.split(/\n\n/)[0].replace(/\n/g, " ")
  return /^.*?[.:](?= [A-Z`]|$)/.exec(line)?.[0].replace(/:$/, ".") ?? line
}

function entryText(entry, page, known) {
  const lines = [`## ${entry.name}`, "", ...fenced(entry.signature), ...docLines(entry, page, known, entry)]
  if (!entry.exported) lines.push("Not exported by name.", "")
  const members = entry.members.filter(({ from }) => from === undefined || !known.get(from)?.exported)
  const listed = entry.kind === "class" ? members.filter(({ kind }) => kind === "property") : members
  for (const member of listed) lines.push(...item(member, page, known, entry))
  if (listed.length > 0) lines.push("")
  for (const member of members.filter(one => !listed.includes(one))) {
    lines.push(
      `### ${entry.name}.${member.name}`,
      "",
      ...fenced(member.signature),
      ...docLines(member, page, known, entry),
    )
  }
  return lines.join("\n")
}

const fenced = text => ["```ts", text.replace(/^ {4}(?=\S)/gm, "  "), "```", ""]

/** A member as an item of a list. */
function item({ signature, doc }, page, known, owner) {
  const code = `\`${signature
    .replace(/;$/, "")
    .replace(/^readonly /, "")
    .replace(/\s*\n\s*/g, " ")}\``
  const [head = "", ...rest] = [...said(doc, page, known, owner), ...thrown(doc)].flatMap(text => text.split("\n"))
  return [`- ${code}${head === "" ? "" : `: ${head}`}`, ...rest.map(line => (line === "" ? "" : `  ${line}`))]
}

function docLines({ doc, signature }, page, known, owner) {
  const types = [...new Set(signature.match(/\b[A-Z]\w+/g))].filter(name => known.has(name) && name !== owner.name)
  const links = types.map(name => link(name, name, page, known))
  return [
    ...said(doc, page, known, owner).flatMap(text => [text, ""]),
    ...thrown(doc).flatMap(text => [text, ""]),
    ...(links.length > 0 ? [`Types: ${links.join(", ")}.`, ""] : []),
  ]
}

/** What a docstring says, but what is thrown. */
function said(doc, page, known, owner) {
  if (doc === undefined) return []
  const tags = doc.tags.filter(({ name }) => name === "returns" || name === "deprecated" || name === "param")
  const more = tags.map(
    ({ name, text }) => `${{ returns: "Gives ", deprecated: "Deprecated: ", param: "" }[name]}${text}.`,
  )
  return [doc.text, ...more].filter(text => text !== "").map(text => linked(text, page, known, owner))
}

/** `@throws SkepError A, B` with the codes' pages. */
function thrown(doc) {
  return (doc?.tags ?? [])
    .filter(({ name }) => name === "throws")
    .map(({ text }) => {
      const codes = text
        .replace(/^SkepError\s*/, "")
        .replace(/\s*\n\s*/g, " ")
        .replace(/`?\b([A-Z]+_[A-Z_]*[A-Z])\b`?/g, (_, code) => {
          const path = `../diagnostics/${code}.md`
          return existsSync(`docs/diagnostics/${code}.md`) ? `[${code}](${path})` : `\`${code}\``
        })
      return `Throws: ${codes}${/[.…]$/.test(codes) ? "" : "."}`
    })
}

/** `{@link BPF.load}` and `{@link entries}` as links. */
const linked = (text, page, known, owner) =>
  text.replace(/\{@link\s+([\w.]+)\}/g, (_, target) => link(target, target, page, known, owner))

function link(target, text, page, known, owner) {
  const [name, member] = known.has(target.split(".")[0]) ? target.split(".") : [owner?.name, target]
  const entry = known.get(name)
  if (entry === undefined) return `\`${text}\``
  const isHeading =
    member !== undefined && entry.kind === "class" && entry.members.find(one => one.name === member)?.kind === "method"
  const heading = isHeading ? `${name}.${member}` : name
  const where = pageOf(entry)
  return `[${text}](${where === page ? "" : `${where}.md`}#${anchor(heading)})`
}
