// What a connection gets is sent back by the kernel, without this process: npm run -s example sockmap
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { BPF, SockMap } from "skep"

using b = await BPF.load({
  text: `BPF_SOCKMAP(sockets, 1);
int parse(struct __sk_buff *skb) { return skb->len; }
int back(struct __sk_buff *skb) { return sockets.sk_redirect_map(skb, 0, 0); }`,
})
b.sockmap("sockets").attach("parse", { hook: "stream_parser" })
b.sockmap("sockets").attach("back", { hook: "stream_verdict" })
const server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1")
await once(server, "listening")
const client = connect((server.address() as { port: number }).port, "127.0.0.1")
const [echo] = (await once(server, "connection")) as [Socket]
b.table("sockets", SockMap).set(0, echo)
client.write("hello")
console.log(`${(await once(client, "data"))[0]} came back`)
process.exit()
