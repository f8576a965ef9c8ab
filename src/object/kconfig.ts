import { SkepError } from "../base/index.ts"
import { Btf, type BtfType } from "../btf/index.ts"
import type { KconfigSpec, MapSpec } from "./object.ts"

/** What a machine tells of its configuration. */
export interface Configuration {
  /** The text of it: `CONFIG_HZ=250` and so on, a line each; undefined where it cannot be read. Asked for once, if at all. */
  text(): string | undefined
  /** A value that is no option, but what loaders find out: `LINUX_KERNEL_VERSION`. Undefined for names that mean nothing. */
  found(name: string): number | undefined
}

/**
 * The content of `.kconfig` for a kernel's configuration.
 *
 *     extern int CONFIG_HZ __kconfig;               CONFIG_HZ=250              250
 *     extern bool CONFIG_BPF __kconfig;             CONFIG_BPF=y               1
 *     extern enum libbpf_tristate CONFIG_X …;       CONFIG_X=m                 2
 *     extern char CONFIG_Y __kconfig;               CONFIG_Y=m                 'm'
 *     extern char CONFIG_NAME[8] __kconfig;         CONFIG_NAME="linux"        "linux\0\0\0"
 *
 * Throws `KERNEL_NO_OPTION` for an option that is not set and not weak, `KERNEL_OPTION_TYPE` for one whose value does not
 * fit its type.
 */
export function kconfigData(map: MapSpec, btfBytes: Uint8Array, configuration: Configuration): Uint8Array {
  const data = new Uint8Array(map.valueSize)
  const btf = Btf.parse(btfBytes)
  let options: ReadonlyMap<string, string> | undefined
  let unreadable = false
  for (const spec of map.kconfig ?? []) {
    let value: string | undefined
    if (spec.name.startsWith("CONFIG_")) {
      if (options === undefined) {
        const text = configuration.text()
        unreadable = text === undefined
        options = parse(text ?? "")
      }
      value = options.get(spec.name)
    } else value = foundValue(configuration.found(spec.name), btf.resolved(spec.type))
    if (value !== undefined) put(data, spec, value, btf)
    else if (!spec.weak) throw noOption(spec.name, unreadable)
  }
  return data
}

/** A value that is no option, in the way of one. */
function foundValue(value: number | undefined, type: BtfType): string | undefined {
  return type.kind === "int" && type.bool && value !== undefined ? "ny"[value] : value?.toString()
}

function parse(text: string): Map<string, string> {
  const options = new Map<string, string>()
  for (const [, name, value] of text.matchAll(/^(CONFIG_\w+)=(.*)$/gm)) options.set(name, value)
  return options
}

function put(data: Uint8Array, spec: KconfigSpec, value: string, btf: Btf): void {
  const { name, offset, size } = spec
  const type = btf.resolved(spec.type)
  const view = new DataView(data.buffer)
  const store = (n: bigint): void => {
    const bits = size * 8
    const signed = type.kind === "int" && type.signed
    const fits = (signed ? BigInt.asIntN(bits, n) : BigInt.asUintN(bits, n)) === n
    if (size > 8 || !fits) throw wrongType(name, value, "does not fit its type")
    for (let i = 0; i < size; i++) view.setUint8(offset + i, Number((n >> BigInt(8 * i)) & 0xffn))
  }
  if (value.startsWith('"')) {
    if (type.kind !== "array") throw wrongType(name, value, "is text, and the variable is no array of char")
    const text = new TextEncoder().encode(unquoted(value)).subarray(0, size - 1)
    data.set(text, offset)
    return
  }
  if (type.kind !== "int" && !isTristate(type)) throw wrongType(name, value, "is no text, and the variable is one")
  const state = ["n", "y", "m"].indexOf(value)
  if (state < 0) {
    if (type.kind !== "int" || type.bool || !/^-?(0x[0-9a-f]+|\d+)$/i.test(value)) {
      throw wrongType(name, value, "is no value of its type")
    }
    const n = BigInt(value.replace("-", ""))
    store(value.startsWith("-") ? -n : n)
  } else if (isTristate(type)) store(BigInt(state))
  else if (type.kind === "int" && type.bool) {
    if (value === "m") throw wrongType(name, value, "is a module, which bool does not tell: use enum libbpf_tristate")
    store(BigInt(state))
  } else if (size === 1) store(BigInt(value.charCodeAt(0)))
  else throw wrongType(name, value, "is yes, no or module, and the variable is a number")
}

const isTristate = (type: BtfType): boolean => type.kind === "enum" && type.name === "libbpf_tristate"

const unquoted = (value: string): string => value.slice(1, value.lastIndexOf('"')).replace(/\\(.)/g, "$1")

const noOption = (name: string, unreadable: boolean): SkepError =>
  new SkepError({
    code: "KERNEL_NO_OPTION",
    message: `the kernel's configuration has no ${name}, which the program asks for`,
    why: unreadable ? "neither /proc/config.gz nor a file in /boot tells the kernel's configuration" : undefined,
    hint: "declare it __weak, and it is 0 where the kernel does not have it",
  })

const wrongType = (name: string, value: string, what: string): SkepError =>
  new SkepError({
    code: "KERNEL_OPTION_TYPE",
    message: `${name} is ${value} in this kernel, which ${what}`,
    hint: "declare it with the type of its values: bool, enum libbpf_tristate, an integer or char[]",
  })
