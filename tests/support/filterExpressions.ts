import type { Random } from "./random.ts"

/** Expressions of every kind, a line each. libpcap and skep make filters of them that say the same of every packet. */
export const EXPRESSIONS = `
ip
ip6
arp
rarp
tcp
udp
sctp
icmp
icmp6
igmp
igrp
pim
vrrp
carp
ah
esp
atalk
aarp
decnet
lat
sca
moprc
mopdl
iso
stp
ipx
netbeui
not tcp
! tcp
not (tcp or udp)
tcp and not port 80
tcp or udp and port 53
tcp && udp || icmp
host 10.0.0.1
src host 10.0.0.1
dst host 10.0.0.1
src 10.0.0.1
dst 10.0.0.1
src or dst host 10.0.0.1
src and dst host 10.0.0.1
dst and src 10.0.0.1
ip host 10.0.0.1
arp host 10.0.0.1
rarp src host 10.0.0.1
arp dst 192.168.0.1
host 10.0.0.1 or host 10.0.0.2
host 10.0.0.1 or 10.0.0.2 or 192.168.0.1
host (10.0.0.1 or 10.0.0.2)
host 10.0.0.1 and not 10.0.0.2
not host 10.0.0.1
not host 10.0.0.1 and not host 10.0.0.2
src host 10.0.0.1 and dst host 10.0.0.2
src host 10.0.0.1 or dst 10.0.0.2
host 167772161
host 10.0
net 10
net 10.0
net 10.1.2
net 10.0.0.1
net 10.0.0.0/8
src net 10.0.0.0/8
dst net 192.168.0.0/16
src and dst net 10
net 10.0.0.0 mask 255.0.0.0
net 10.0.0.0/8 or 192.168.0.0/16
net 0.0.0.0/0
net 10.0.0.0/8 and not host 10.0.0.1
ip src net 10.0.0.0/8
ip6 host 2001:db8::1
host 2001:db8::1
src host 2001:db8::1
dst 2001:db8::2
src or dst host 2001:db8::1
net 2001:db8::/32
net 2001:db8::/64
ip6 net 2000::/3
net ::/0
ip6 dst net ff00::/8
host 2001:db8::1 or host 2001:db8::2
port 80
src port 80
dst port 80
src or dst port 80
src and dst port 80
tcp port 80
udp port 53
sctp port 443
tcp src port 22
udp dst port 5353
port http
tcp port https
port domain
udp port mdns
port 80 or port 443
port 80 or 443
tcp port 80 or 443 or 22
tcp port (80 or 443)
not port 22
tcp port 80 and host 10.0.0.1
host 10.0.0.1 and (port 80 or port 443)
port 80 and port 443
not (port 80 or port 443)
tcp and port 80 or udp and port 53
(tcp or udp) and port 53
src port 80 and dst port 443
port 0
portrange 6000-6008
tcp portrange 6000-6008
src portrange 22-80
dst portrange 80-22
udp portrange 5353-5353
portrange 53
portrange 22-http
not portrange 0-1023
ip proto 6
ip proto 47
ip proto \\tcp
ip proto \\udp
ip6 proto 6
ip6 proto 58
ip6 proto \\udp
proto 17
proto \\tcp
ip proto 0
ether proto 0x0800
ether proto 2054
ether proto \\ip6
ether proto \\arp
ether proto 0x42
ether proto 0x9000
ether proto 0xfe
ether proto 0xe0
ether proto 0x100
ether proto \\stp
ether host 1:2:3:4:5:6
ether src 1:2:3:4:5:6
ether dst 2:0:0:0:0:1
ether src or dst 1:2:3:4:5:6
ether src and dst 1:2:3:4:5:6
ether host 01-02-03-04-05-06
ether host 0102.0304.0506
not ether host 1:2:3:4:5:6
ether broadcast
broadcast
ether multicast
multicast
ip multicast
ip6 multicast
ip broadcast
not broadcast and not multicast
less 60
greater 100
less 100 and greater 60
len = 60
len > 100
length <= 64
len - 14 > 40
vlan
vlan 5
vlan 6
vlan and ip
vlan 5 and tcp port 80
vlan and vlan
vlan and vlan 6 and ip
vlan 5 or ip
not vlan
vlan and ether host 1:2:3:4:5:6
vlan and arp
ip or vlan and ip
mpls
mpls 7
mpls 9 and mpls 7
mpls and mpls and ip
mpls and ip
mpls and ip6
mpls and host 10.0.0.1
mpls and tcp port 80
mpls and multicast
vlan and mpls
pppoed
pppoes
pppoes 3
pppoes and ip
pppoes 3 and ip6
pppoes and tcp port 80
pppoes and host 10.0.0.1
pppoes and link[0] = 0
vlan and pppoes and ip
inbound
outbound
inbound and tcp
ifindex 3
ip[0] & 0xf != 5
ip[0] & 0xf > 5
ip[6:2] & 0x1fff = 0
ip[8] < 5
ip[8] <= 5
ip[8] >= 64
ip[8] > 5
ip[8] != 64
ip[2:2] > 100
ip[12:4] = 0x0a000001
ip[12:4] & 0xff000000 = 0x0a000000
ip[9] = 6 and ip[0] & 0xf = 5
tcp[13] & 2 != 0
tcp[13] = 2
tcp[tcpflags] & (tcp-syn|tcp-fin) != 0
tcp[tcpflags] == tcp-syn
tcp[tcpflags] & tcp-syn != 0 and tcp[tcpflags] & tcp-ack = 0
tcp[tcpflags] & tcp-syn != 0 or tcp[tcpflags] & tcp-rst != 0
(tcp[tcpflags] & tcp-push) = tcp-push
tcp[0:2] = 80
tcp[0:2] = tcp[2:2]
tcp[0:2] > tcp[2:2]
tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420
tcp[4:4] + 1 = tcp[8:4]
tcp[12] >> 4 = 5
tcp[12] / 16 = 5
udp[4:2] > 20
udp[4:2] - 8 > 0
udp[0:2] * 2 = 106
udp[0:2] % 10 = 3
icmp[icmptype] = icmp-echo
icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply
icmp[0] = 8 or icmp[0] = 0
icmp6[icmp6type] = icmp6-echo
icmp6[0] = 135
icmp6[icmp6type] = icmp6-neighborsolicit
ip6[6] = 6
ip6[6] == 58 and ip6[40] == 128
ip6[8:4] = 0x20010db8
ether[0] & 1 = 0 and ip[16] >= 224
ether[12:2] = 0x0800
ether[0:4] = 0x01020304
ether[20] = ether[21]
ether[ether[20]] = 3
ip[ip[8]] = 7
ip[ip[8] + 1:2] = 7
link[0] = 1
arp[6:2] = 1
arp[7] = 2
rarp[7] = 1
sctp[0:2] = 80
igmp[0] = 3
pim[0] = 3
ip[0] + ip[1] = 69
ip[0] - ip[1] > 3
ip[0] * ip[1] = 0
ip[2:2] / ip[8] > 2
ip[2:2] % ip[8] = 0
ip[2:2] / ip[1] = 3
ip[0] | ip[1] = 0x55
ip[0] ^ ip[1] = 0x55
ip[0] << 2 = 276
1 << ip[1] = 1
-ip[8] = 0xffffffc0
(ip[0] + ip[1]) * (ip[8] - ip[9]) > 10
(ip[0] + tcp[1]) - (tcp[3] + tcp[2]) > 100
ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) != 0
tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)
1 + ip[0] = 70
5 + 3 = 8
5 > 6
1 = 1 and ip
1 = 2 or ip
ip[0] & 0 = 0
ip or not ip
ip and not ip
tcp and tcp
tcp or tcp
tcp and udp
ip and ip6
ip6 or ip or arp
(ip or ip6) and tcp
ip and tcp or ip and udp
ip and (tcp or udp) and not icmp
arp or (ip and (port 53 or icmp))
not (not tcp)
not arp and not rarp and not ip6
tcp and not (src port 22 or dst port 22)
(src host 10.0.0.1 and dst port 80) or (src host 10.0.0.2 and dst port 443)
host 10.0.0.1 and tcp port 80 or host 10.0.0.2 and udp port 53
src net 10.0.0.0/8 and dst net 10.0.0.0/8 and not port 22
ip[8] > 3 and ip[8] < 10
ip[8] > 3 or ip[8] < 10
ip[8] = 1 or ip[8] = 5 or ip[8] = 64
ip[8] != 1 and ip[8] != 5 and ip[8] != 64
port 22 or port 53 or port 80 or port 443 or port 5353
udp and (port 53 or port 5353) and not host 10.0.0.1
tcp[2:2] = 80 or tcp[0:2] = 80
ip[6] & 0x40 != 0
ip[6] & 0x20 != 0 or ip[6:2] & 0x1fff != 0
greater 60 and tcp and less 90
`
  .trim()
  .split("\n")

const HOSTS = ["10.0.0.1", "10.0.0.2", "192.168.0.1", "1.2.3.4", "2001:db8::1", "2001:db8::2"]
const NETS = ["10.0.0.0/8", "10.0", "192.168.0.0/16", "2001:db8::/32", "10.0.0.0/24", "0.0.0.0/1"]
const PORTS = ["22", "53", "80", "443", "http", "domain", "0", "6000"]
const LOADS = ["ip", "tcp", "udp", "icmp", "ip6", "ether", "arp", "icmp6", "sctp"]

/** A random expression that libpcap and skep both take, on Ethernet. */
export function randomExpression(random: Random, depth = 0): string {
  if (depth < 4 && random.chance(0.7)) {
    const inner = (): string => randomExpression(random, depth + 1)
    switch (random.below(6)) {
      case 0:
        return `not ${wrapped(inner())}`
      case 1:
      case 2:
        return `${wrapped(inner())} and ${wrapped(inner())}`
      case 3:
        return `${inner()} or ${wrapped(inner())}`
      default:
        return `${wrapped(inner())} or ${wrapped(inner())}`
    }
  }
  return primitive(random)
}

const wrapped = (text: string): string => (/ (and|or) |^not /.test(text) ? `(${text})` : text)

function primitive(random: Random): string {
  const direction = random.pick(["", "", "src ", "dst ", "src or dst ", "src and dst "])
  switch (random.below(10)) {
    case 0:
      return `${direction}host ${random.pick(HOSTS)}`
    case 1:
      return `${direction}net ${random.pick(NETS)}`
    case 2:
      return `${random.pick(["", "tcp ", "udp ", "sctp "])}${direction}port ${random.pick(PORTS.slice(0, 4))}`
    case 3:
      return `${direction}port ${random.pick(PORTS)}`
    case 4:
      return `${direction}portrange ${random.below(100)}-${random.below(7000)}`
    case 5:
      return random.pick([
        "ip proto 6",
        "ip6 proto 17",
        "ether proto 0x806",
        "ip multicast",
        "ether multicast",
        "less 80",
      ])
    case 6:
    case 7:
      return `${arithmetic(random, 0)} ${random.pick(["=", "!=", "<", ">", "<=", ">="])} ${arithmetic(random, 1)}`
    default:
      return random.pick(["ip", "ip6", "arp", "tcp", "udp", "icmp", "icmp6", "rarp", "sctp", "stp", "atalk"])
  }
}

function arithmetic(random: Random, depth: number): string {
  if (depth < 3 && random.chance(0.5)) {
    const op = random.pick(["+", "-", "*", "&", "|", "^", "/", "%", "<<", ">>"])
    const left = arithmetic(random, depth + 1)
    const shift = op === "<<" || op === ">>"
    const right = shift
      ? `${random.below(32)}`
      : op === "/" || op === "%"
        ? `${1 + random.below(20)}`
        : arithmetic(random, depth + 1)
    return `(${left} ${op} ${right})`
  }
  if (random.chance(0.4)) return `${random.pick([random.below(10), random.below(256), 80, 443, 0x0800])}`
  if (random.chance(0.1)) return "len"
  const size = random.pick(["", ":1", ":2", ":4"])
  const index = random.chance(0.1) && depth < 3 ? `${arithmetic(random, depth + 2)} & 31` : `${random.below(24)}`
  return `${random.pick(LOADS)}[${index}${size}]`
}
