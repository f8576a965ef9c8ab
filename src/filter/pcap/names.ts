/** Words of the language of expressions, and the numbers that names stand for. */

/** Protocols that stand for themselves in an expression, in front of an address or port, or in front of `[`. */
export const PROTOCOLS = [
  "link",
  "ip",
  "ip6",
  "arp",
  "rarp",
  "tcp",
  "udp",
  "sctp",
  "icmp",
  "icmp6",
  "igmp",
  "igrp",
  "pim",
  "vrrp",
  "carp",
  "ah",
  "esp",
  "atalk",
  "aarp",
  "decnet",
  "lat",
  "sca",
  "moprc",
  "mopdl",
  "iso",
  "stp",
  "ipx",
  "netbeui",
] as const
export type Protocol = (typeof PROTOCOLS)[number]

const ALIASES: Readonly<Record<string, Protocol>> = {
  ether: "link",
  ppp: "link",
  slip: "link",
  fddi: "link",
  tr: "link",
  wlan: "link",
}

/** The protocol that a word names. */
export function protocolOf(word: string): Protocol | undefined {
  if (Object.hasOwn(ALIASES, word)) return ALIASES[word]
  return (PROTOCOLS as readonly string[]).includes(word) ? (word as Protocol) : undefined
}

/** How a protocol is called in messages. */
export const protocolName = (protocol: Protocol): string => (protocol === "link" ? "ether" : protocol)

/** All words that have a meaning of their own; names that are spelled the same want a `\` in front. */
export const KEYWORDS: readonly string[] = [
  ...PROTOCOLS,
  ...Object.keys(ALIASES),
  ..."src dst host net port portrange proto protochain mask gateway and or not broadcast multicast less greater".split(
    " ",
  ),
  ..."inbound outbound ifindex vlan mpls pppoed pppoes len length".split(" "),
]

/** Numbers of protocols over IP (`ip proto NAME`). */
export const IP_PROTOCOLS: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  ipencap: 4,
  tcp: 6,
  egp: 8,
  igp: 9,
  igrp: 9,
  udp: 17,
  ipv6: 41,
  "ipv6-route": 43,
  "ipv6-frag": 44,
  rsvp: 46,
  gre: 47,
  esp: 50,
  ah: 51,
  icmp6: 58,
  "ipv6-icmp": 58,
  "ipv6-nonxt": 59,
  "ipv6-opts": 60,
  eigrp: 88,
  ospf: 89,
  ipip: 94,
  pim: 103,
  vrrp: 112,
  carp: 112,
  l2tp: 115,
  sctp: 132,
  udplite: 136,
}

/** EtherTypes (`ether proto NAME`), and below 1,501 the service access points of 802.2. */
export const ETHER_TYPES: Readonly<Record<string, number>> = {
  ip: 0x0800,
  arp: 0x0806,
  rarp: 0x8035,
  ip6: 0x86dd,
  atalk: 0x809b,
  aarp: 0x80f3,
  decnet: 0x6003,
  lat: 0x6004,
  sca: 0x6007,
  moprc: 0x6002,
  mopdl: 0x6001,
  loopback: 0x9000,
  iso: 0xfe,
  stp: 0x42,
  ipx: 0xe0,
  netbeui: 0xf0,
}

/** Names of places and bits that go into `tcp[tcpflags] & tcp-syn != 0`. */
export const CONSTANTS: Readonly<Record<string, number>> = {
  icmptype: 0,
  icmpcode: 1,
  "icmp-echoreply": 0,
  "icmp-unreach": 3,
  "icmp-sourcequench": 4,
  "icmp-redirect": 5,
  "icmp-echo": 8,
  "icmp-routeradvert": 9,
  "icmp-routersolicit": 10,
  "icmp-timxceed": 11,
  "icmp-paramprob": 12,
  "icmp-tstamp": 13,
  "icmp-tstampreply": 14,
  "icmp-ireq": 15,
  "icmp-ireqreply": 16,
  "icmp-maskreq": 17,
  "icmp-maskreply": 18,
  icmp6type: 0,
  icmp6code: 1,
  "icmp6-destinationunreach": 1,
  "icmp6-packettoobig": 2,
  "icmp6-timeexceeded": 3,
  "icmp6-parameterproblem": 4,
  "icmp6-echo": 128,
  "icmp6-echoreply": 129,
  "icmp6-multicastlistenerquery": 130,
  "icmp6-multicastlistenerreportv1": 131,
  "icmp6-multicastlistenerdone": 132,
  "icmp6-routersolicit": 133,
  "icmp6-routeradvert": 134,
  "icmp6-neighborsolicit": 135,
  "icmp6-neighboradvert": 136,
  "icmp6-redirect": 137,
  "icmp6-routerrenum": 138,
  "icmp6-nodeinformationquery": 139,
  "icmp6-nodeinformationresponse": 140,
  "icmp6-ineighbordiscoverysolicit": 141,
  "icmp6-ineighbordiscoveryadvert": 142,
  "icmp6-multicastlistenerreportv2": 143,
  "icmp6-homeagentdiscoveryrequest": 144,
  "icmp6-homeagentdiscoveryreply": 145,
  "icmp6-mobileprefixsolicit": 146,
  "icmp6-mobileprefixadvert": 147,
  "icmp6-certpathsolicit": 148,
  "icmp6-certpathadvert": 149,
  "icmp6-multicastrouteradvert": 151,
  "icmp6-multicastroutersolicit": 152,
  "icmp6-multicastrouterterm": 153,
  tcpflags: 13,
  "tcp-fin": 0x01,
  "tcp-syn": 0x02,
  "tcp-rst": 0x04,
  "tcp-push": 0x08,
  "tcp-ack": 0x10,
  "tcp-urg": 0x20,
  "tcp-ece": 0x40,
  "tcp-cwr": 0x80,
}

/** A service's port, and the protocol where it has only one. */
export interface Service {
  readonly port: number
  readonly protocol?: "tcp" | "udp"
}

const both = (port: number): Service => ({ port })
const tcp = (port: number): Service => ({ port, protocol: "tcp" })
const udp = (port: number): Service => ({ port, protocol: "udp" })

/** Ports by the names that IANA gives them, those that are met often. */
export const SERVICES: Readonly<Record<string, Service>> = {
  echo: both(7),
  discard: both(9),
  daytime: both(13),
  "ftp-data": tcp(20),
  ftp: tcp(21),
  ssh: tcp(22),
  telnet: tcp(23),
  smtp: tcp(25),
  time: both(37),
  whois: tcp(43),
  domain: both(53),
  bootps: udp(67),
  bootpc: udp(68),
  tftp: udp(69),
  gopher: tcp(70),
  finger: tcp(79),
  http: tcp(80),
  kerberos: both(88),
  pop3: tcp(110),
  sunrpc: both(111),
  nntp: tcp(119),
  ntp: udp(123),
  "netbios-ns": udp(137),
  "netbios-dgm": udp(138),
  "netbios-ssn": tcp(139),
  imap2: tcp(143),
  snmp: both(161),
  "snmp-trap": both(162),
  bgp: tcp(179),
  ldap: both(389),
  https: both(443),
  "microsoft-ds": tcp(445),
  submission: tcp(587),
  syslog: both(514),
  ldaps: both(636),
  "domain-s": both(853),
  imaps: tcp(993),
  pop3s: tcp(995),
  openvpn: both(1194),
  "ms-sql-s": tcp(1433),
  radius: both(1812),
  "radius-acct": both(1813),
  nfs: both(2049),
  mysql: tcp(3306),
  "ms-wbt-server": tcp(3389),
  sip: both(5060),
  "sip-tls": both(5061),
  mdns: udp(5353),
  postgresql: tcp(5432),
  amqp: tcp(5672),
  x11: tcp(6000),
  redis: tcp(6379),
}
