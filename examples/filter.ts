// Shows packets of a device that an expression of tcpdump's takes: npm run -s example filter eth0 'udp port 53'
import { BPF, compileFilter, filterObject } from "skep"

const [device = "lo", expression = "udp"] = process.argv.slice(2)
using b = await BPF.load({ object: filterObject(compileFilter(expression)) })
using packets = b.attachRawSocket({ fn: "filter", device })
for await (const { data, length, direction } of packets) {
  console.log(`${length} bytes, ${direction}, to port ${data[36] * 256 + data[37]}`)
}
