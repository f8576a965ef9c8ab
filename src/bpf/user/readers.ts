import type { UsdtArgument, UsdtLocation } from "../../symbols/index.ts"

/**
 * The C functions that read the arguments of the static probes at which a function runs: `_bpf_readarg_FUNCTION_N`, which the calls of
 * `bpf_usdt_readarg` in that function become. `locations` are the different ways in which the arguments lie; with several of them the
 * attachment's cookie is the number of the one that is meant. An argument that no program can read (a floating-point register) is 0.
 *
 *     static __always_inline int _bpf_readarg_f_1(struct pt_regs *ctx, void *dest, size_t len) {
 *       long long value = 0;
 *       { int raw = 0; bpf_probe_read_user(&raw, sizeof(raw), (void *)(ctx->bp + -20)); value = raw; }
 *       …
 */
export function argumentReaders(fn: string, locations: readonly UsdtLocation[]): string {
  const count = Math.max(0, ...locations.map(location => location.arguments.length))
  let text = ""
  for (let n = 0; n < count; n++) text += reader(`_bpf_readarg_${fn}_${n + 1}`, n, locations)
  return text
}

function reader(name: string, n: number, locations: readonly UsdtLocation[]): string {
  const bodies = locations.map(location => read(location.arguments[n], location))
  const alike = bodies.every(body => body === bodies[0])
  const cases = bodies.map((body, i) => `    case ${i}: ${body} break;\n`).join("")
  const choice = alike ? `  ${bodies[0]}\n` : `  switch (bpf_get_attach_cookie(ctx)) {\n${cases}  }\n`
  return `
static __always_inline int ${name}(struct pt_regs *ctx, void *dest, size_t len) {
  long long value = 0;
${choice}  if (len == 1) *(char *)dest = value;
  else if (len == 2) *(short *)dest = value;
  else if (len == 4) *(int *)dest = value;
  else if (len == 8) *(long long *)dest = value;
  else return -1;
  return 0;
}
`
}

/** Statements that put an argument into `value`, extended as its type says. */
function read(argument: UsdtArgument | undefined, location: UsdtLocation): string {
  if (argument === undefined) return ";"
  const { place, size, signed } = argument
  const type = `${signed ? "" : "unsigned "}${TYPES[size]}`
  switch (place.kind) {
    case "constant":
      return `value = (${type})${BigInt.asIntN(64, place.value)}LL;`
    case "register": {
      const { member, shift } = place.register
      return `value = (${type})(ctx->${member}${shift === 0 ? "" : ` >> ${shift}`});`
    }
    case "memory": {
      const address = addressOf(place, location)
      if (address === undefined) return ";"
      return `{ ${type} raw = 0; bpf_probe_read_user(&raw, sizeof(raw), (void *)(${address})); value = raw; }`
    }
    default:
      return ";"
  }
}

const TYPES: Readonly<Record<number, string>> = { 1: "char", 2: "short", 4: "int", 8: "long long" }

type Memory = Extract<UsdtArgument["place"], { kind: "memory" }>

/** The address as C; undefined for a symbol that the file does not have. */
function addressOf({ base, index, scale, offset, symbol }: Memory, location: UsdtLocation): string | undefined {
  const terms: string[] = []
  let distance = offset
  if (symbol !== undefined) {
    const found = location.symbols.get(symbol)
    if (found === undefined) return undefined
    if (base === undefined) {
      // Wherever the file is mapped, the variable is as far from the probe as the file says.
      terms.push("ctx->ip")
      distance += BigInt(found - location.address)
    } else distance += BigInt(found)
  }
  if (base !== undefined) terms.push(`ctx->${base.member}`)
  if (index !== undefined) terms.push(`ctx->${index.member} * ${scale}`)
  if (distance !== 0n) terms.push(`(${distance}LL)`)
  return terms.join(" + ")
}
