import type { Helper } from "../../code.ts"
import * as bytes from "./bytes.ts"
import * as cgroup from "./cgroup.ts"
import * as change from "./change.ts"
import * as checksums from "./checksums.ts"
import * as fib from "./fib.ts"
import * as lwt from "./lwt.ts"
import * as meta from "./meta.ts"
import * as redirect from "./redirect.ts"
import * as sockets from "./sockets.ts"
import * as syncookie from "./syncookie.ts"
import * as tunnel from "./tunnel.ts"
import * as xdp from "./xdp.ts"

/** Helpers on packets, by the names that programs call them by, without `bpf_`. */
export const packetHelpers: Readonly<Record<string, Helper>> = {
  skb_store_bytes: bytes.skbStoreBytes,
  skb_load_bytes: bytes.skbLoadBytes,
  skb_load_bytes_relative: bytes.skbLoadBytesRelative,
  skb_pull_data: bytes.skbPullData,
  l3_csum_replace: checksums.l3CsumReplace,
  l4_csum_replace: checksums.l4CsumReplace,
  csum_diff: checksums.csumDiff,
  csum_update: checksums.csumUpdate,
  csum_level: checksums.csumLevel,
  skb_vlan_push: change.skbVlanPush,
  skb_vlan_pop: change.skbVlanPop,
  skb_change_proto: change.skbChangeProto,
  skb_change_type: change.skbChangeType,
  skb_change_tail: change.skbChangeTail,
  skb_change_head: change.skbChangeHead,
  skb_adjust_room: change.skbAdjustRoom,
  get_hash_recalc: meta.getHashRecalc,
  set_hash: meta.setHash,
  set_hash_invalid: meta.setHashInvalid,
  get_route_realm: meta.getRouteRealm,
  get_cgroup_classid: meta.getCgroupClassid,
  skb_set_tstamp: meta.skbSetTstamp,
  skb_ecn_set_ce: meta.skbEcnSetCe,
  redirect: redirect.redirect,
  redirect_neigh: redirect.redirectNeigh,
  redirect_peer: redirect.redirectPeer,
  redirect_map: redirect.redirectMap,
  clone_redirect: redirect.cloneRedirect,
  fib_lookup: fib.fibLookup,
  check_mtu: fib.checkMtu,
  skc_lookup_tcp: sockets.skcLookupTcp,
  sk_lookup_tcp: sockets.skLookupTcp,
  sk_lookup_udp: sockets.skLookupUdp,
  sk_release: sockets.skRelease,
  sk_fullsock: sockets.skFullsock,
  tcp_sock: sockets.tcpSock,
  get_listener_sock: sockets.getListenerSock,
  sk_assign: sockets.skAssign,
  get_socket_cookie: sockets.getSocketCookie,
  get_socket_uid: sockets.getSocketUid,
  get_netns_cookie: sockets.getNetnsCookie,
  skb_cgroup_id: sockets.skbCgroupId,
  skb_ancestor_cgroup_id: sockets.skbAncestorCgroupId,
  sk_ancestor_cgroup_id: sockets.skAncestorCgroupId,
  skb_under_cgroup: cgroup.skbUnderCgroup,
  current_task_under_cgroup: cgroup.currentTaskUnderCgroup,
  skb_get_xfrm_state: cgroup.skbGetXfrmState,
  lwt_push_encap: lwt.lwtPushEncap,
  skb_cgroup_classid: sockets.skbCgroupClassid,
  sk_cgroup_id: sockets.skCgroupId,
  skb_set_tunnel_key: tunnel.skbSetTunnelKey,
  skb_get_tunnel_key: tunnel.skbGetTunnelKey,
  skb_set_tunnel_opt: tunnel.skbSetTunnelOpt,
  skb_get_tunnel_opt: tunnel.skbGetTunnelOpt,
  xdp_get_buff_len: xdp.xdpGetBuffLen,
  xdp_adjust_head: xdp.xdpAdjustHead,
  xdp_adjust_tail: xdp.xdpAdjustTail,
  xdp_adjust_meta: xdp.xdpAdjustMeta,
  xdp_load_bytes: xdp.xdpLoadBytes,
  xdp_store_bytes: xdp.xdpStoreBytes,
  tcp_gen_syncookie: syncookie.tcpGenSyncookie,
  tcp_check_syncookie: syncookie.tcpCheckSyncookie,
  tcp_raw_gen_syncookie_ipv4: syncookie.tcpRawGenSyncookieIpv4,
  tcp_raw_gen_syncookie_ipv6: syncookie.tcpRawGenSyncookieIpv6,
  tcp_raw_check_syncookie_ipv4: syncookie.tcpRawCheckSyncookieIpv4,
  tcp_raw_check_syncookie_ipv6: syncookie.tcpRawCheckSyncookieIpv6,
}
