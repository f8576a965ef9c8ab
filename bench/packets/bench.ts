import { BPF } from "../../src/bpf/index.ts"
import { ethernet, writeCapture } from "../../src/packets/index.ts"
import { CaptureLoop, captureSteps, VirtualMachine, VmProgram } from "../../src/vm/index.ts"

// How many packets of a capture go through small programs in a second, on the embedded machine. Reading the file is not in it: it is in memory.

/** Bytes that are handed over at once, as by a file that is read. */
const PIECE = 1 << 18
/** How long each program is measured, in seconds; the best of this many turns counts. */
const TURN = 0.5
const TURNS = 4

const programs: [what: string, text: string][] = [
  ["xdp: pass all", "int f(struct xdp_md *ctx) { return XDP_PASS; }"],
  [
    "xdp: drop TCP to port 80",
    `int f(struct xdp_md *ctx) {
       void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
       struct ethhdr *eth = data;
       struct iphdr *ip = (void *)(eth + 1);
       struct tcphdr *tcp = (void *)(ip + 1);
       if ((void *)(tcp + 1) > end || eth->h_proto != htons(ETH_P_IP) || ip->protocol != IPPROTO_TCP) return XDP_PASS;
       return tcp->dest == htons(80) ? XDP_DROP : XDP_PASS;
     }`,
  ],
  [
    "xdp: count by protocol",
    `BPF_HASH(counts, u32, u64);
     int f(struct xdp_md *ctx) {
       void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
       struct ethhdr *eth = data;
       struct iphdr *ip = (void *)(eth + 1);
       if ((void *)(ip + 1) > end) return XDP_PASS;
       u32 protocol = ip->protocol;
       counts.increment(protocol);
       return XDP_PASS;
     }`,
  ],
  [
    "tc: new destination, checksums by helpers",
    `int f(struct __sk_buff *skb) {
       u32 to = htonl(0x0a0a0a0a), from;
       if (bpf_skb_load_bytes(skb, 30, &from, 4)) return 0;
       bpf_l4_csum_replace(skb, 50, from, to, BPF_F_PSEUDO_HDR | 4);
       bpf_l3_csum_replace(skb, 24, from, to, 4);
       bpf_skb_store_bytes(skb, 30, &to, 4, 0);
       return 0;
     }`,
  ],
  [
    "tc: BCC's cursor",
    `int f(struct __sk_buff *skb) {
       u8 *cursor = 0;
       struct ethernet_t *eth = cursor_advance(cursor, sizeof(*eth));
       if (eth->type != 0x0800) return 0;
       struct ip_t *ip = cursor_advance(cursor, sizeof(*ip));
       return ip->nextp == 6 ? -1 : 0;
     }`,
  ],
]

/** Packets as on a usual link: small and large ones, two protocols. */
function capture(): Uint8Array {
  const packets = Array.from({ length: 20_000 }, (_, i) => {
    const size = i % 4 === 0 ? 1400 : (i * 7) % 200
    const ip = ethernet().ipv4({ source: `10.0.${i % 256}.1` })
    return i % 3 === 0
      ? ip.udp({ destinationPort: 53 }).payload(size).bytes()
      : ip
          .tcp({ destinationPort: i % 5 === 0 ? 80 : 443 })
          .payload(size)
          .bytes()
  })
  return writeCapture(packets)
}

/** Seconds that this process has computed, whatever else the computer does. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Packets in a second of computing. */
async function measure(text: string, jit: boolean, file: Uint8Array): Promise<number> {
  using bpf = await BPF.load({ text, machine: new VirtualMachine({ jit }), autoAttach: false })
  const program = bpf.program("f", { type: text.includes("xdp_md") ? "xdp" : "sched_cls" })
  if (!(program instanceof VmProgram)) throw new Error("the program is on another machine")
  const { core } = program.context
  const steps = captureSteps(core, [program.runnable])
  let best = 0
  for (let turn = 0; turn < TURNS; turn++) {
    const start = cpuSeconds()
    let packets = 0
    do {
      const loop = new CaptureLoop(core.memory, steps)
      for (let at = 0; at < file.length; at += PIECE) loop.push(file.subarray(at, at + PIECE))
      loop.end()
      loop.dispose()
      packets += loop.packets
    } while (cpuSeconds() - start < TURN)
    best = Math.max(best, packets / (cpuSeconds() - start))
  }
  return best
}

const file = capture()
const millions = (rate: number): string => `${(rate / 1e6).toFixed(2)} M/s`
for (const [what, text] of programs) {
  const [jit, interpreted] = [await measure(text, true, file), await measure(text, false, file)]
  console.log(
    `${what.padEnd(44)}  WebAssembly ${millions(jit).padStart(9)}   interpreter ${millions(interpreted).padStart(9)}`,
  )
}
