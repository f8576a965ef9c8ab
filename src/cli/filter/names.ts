import { lookup } from "node:dns/promises"
import { readFileSync } from "node:fs"
import { hostNames } from "../../filter/index.ts"

/** Where the system keeps addresses of Ethernet by the names of hosts, a line for each. */
const ETHERS = "/etc/ethers"

/**
 * The addresses of the hosts that an expression names, as this computer knows them: of IP by its own resolver (/etc/hosts, DNS), of Ethernet by
 * /etc/ethers. A name of which nothing is known is left out.
 */
export async function resolveHosts(expression: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  const ethers = readEthers()
  for (const name of hostNames(expression)) {
    const ip = await lookup(name, { all: true, verbatim: true }).catch(() => [])
    const addresses = [...ip.map(({ address }) => address.replace(/%.*/, "")), ...(ethers.get(name) ?? [])]
    if (addresses.length > 0) found.set(name, addresses)
  }
  return found
}

/** `02:00:00:00:00:01 router`, and comments behind `#`. */
function readEthers(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  try {
    for (const [, mac, name] of readFileSync(ETHERS, "utf8").matchAll(/^\s*([0-9a-f:]+)\s+([^\s#]+)/gim)) {
      found.set(name, [...(found.get(name) ?? []), mac])
    }
  } catch {
    // Most computers have no such file.
  }
  return found
}
