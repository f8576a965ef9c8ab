import { randomExpression } from "../../support/filterExpressions.ts"
import { compareFilters } from "../../support/filterOracle.ts"
import { Libpcap, libpcapPath } from "../../support/libpcap.ts"
import { Random } from "../../support/random.ts"

/** Random filter expressions, compiled by libpcap and by skep, over random packets: SKEP_COUNT of them from SKEP_SEED. */
export function main(): number {
  if (libpcapPath === undefined) throw new Error("libpcap is not installed: apt-get install tcpdump")
  const count = Number(process.env.SKEP_COUNT ?? 2000)
  const seed = Number(process.env.SKEP_SEED ?? 1)
  const pcap = new Libpcap(libpcapPath)
  const random = new Random(seed)
  let different = 0
  let ours = 0
  let theirs = 0
  for (let i = 0; i < count; i++) {
    const result = compareFilters(pcap, randomExpression(random), { packets: 100, seed: seed + i })
    if (result.kind === "same") {
      ours += result.ours
      theirs += result.theirs
    }
    if (result.kind !== "different") continue
    different++
    console.log(result.why)
  }
  console.log(
    `${count} expressions, ${different} different; ${ours} instructions, libpcap's ${theirs} (${(ours / theirs).toFixed(3)})`,
  )
  return different === 0 ? 0 : 1
}
