//! Flows as a table that a person can read: what gets into and out of the pods that are closed.

use std::collections::BTreeMap;
use std::net::IpAddr;

use weir::Relation;
use weir_cluster::Inventory;
use weir_cluster::flow::{Bits, Carrier, Flows, Point, Space};

/// Per direction that is closed, peers and ports.
pub fn table(inventory: &Inventory, relation: &Relation, space: &Space, flows: &Flows) -> String {
    let mut into: BTreeMap<u32, Vec<(Bits, Bits)>> = BTreeMap::new();
    let mut out_of: BTreeMap<u32, Vec<(Bits, Bits)>> = BTreeMap::new();
    for row in flows.boxes() {
        for destination in &row.destinations {
            into.entry(destination).or_default().push((row.sources.clone(), row.ports.clone()));
        }
        for source in &row.sources {
            out_of.entry(source).or_default().push((row.destinations.clone(), row.ports.clone()));
        }
    }
    let mut lines = String::new();
    for at in 0..space.points.len() as u32 {
        let Point::Pod(pod) = &space.points[at as usize] else { continue };
        let guarded = |ingress: bool| {
            relation
                .guards
                .iter()
                .any(|guard| (if ingress { guard.ingress } else { guard.egress }) && guard.pods.admits(pod))
        };
        let name = name(inventory, &space.points[at as usize]);
        for (word, preposition, rows) in [("into", "from", into.get(&at)), ("out of", "to", out_of.get(&at))]
        {
            if !guarded(word == "into") {
                continue;
            }
            lines += &format!("{word} {name}\n");
            let mut by_ports: BTreeMap<String, Bits> = BTreeMap::new();
            for (peers, ports) in rows.into_iter().flatten() {
                *by_ports.entry(ports_of(space, ports)).or_default() |= peers;
            }
            if by_ports.is_empty() {
                lines += "    nothing\n";
            }
            for (ports, peers) in by_ports {
                lines += &format!("    {ports} {preposition} {}\n", peers_of(inventory, space, &peers));
            }
        }
    }
    lines
}

fn name(inventory: &Inventory, point: &Point) -> String {
    match point {
        Point::Pod(pod) => match pod.class {
            Some(class) => {
                let workload = inventory.classes[class.index()].workload;
                format!("{}/{}", pod.namespace, inventory.workloads[workload.index()].name)
            }
            None => format!("{}/*", pod.namespace),
        },
        Point::Address(address) => format!("{}-{}", address.first, address.last),
    }
}

fn peers_of(inventory: &Inventory, space: &Space, peers: &Bits) -> String {
    let pod = |at: &u32| matches!(space.points[*at as usize], Point::Pod(_));
    let all_pods = (0..space.points.len() as u32).filter(pod).count();
    let pods: Vec<String> =
        peers.iter().filter(pod).map(|at| name(inventory, &space.points[at as usize])).collect();
    let addresses: Vec<u32> = peers.iter().filter(|at| !pod(at)).collect();
    let mut said = Vec::new();
    if pods.len() == all_pods {
        said.push("every pod".to_owned());
    } else {
        said.extend(pods);
    }
    if addresses.len() == space.points.len() - all_pods {
        said.push("every address".to_owned());
    } else {
        said.extend(ranges(space, &addresses));
    }
    said.join(", ")
}

/// Neighbouring ranges are joined.
fn ranges(space: &Space, addresses: &[u32]) -> Vec<String> {
    let mut joined: Vec<(IpAddr, IpAddr)> = Vec::new();
    for at in addresses {
        let Point::Address(address) = &space.points[*at as usize] else { continue };
        match joined.last_mut() {
            Some((_, last)) if follows(*last, address.first) => *last = address.last,
            _ => joined.push((address.first, address.last)),
        }
    }
    let said = |(first, last): (IpAddr, IpAddr)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    joined.into_iter().map(said).collect()
}

fn follows(last: IpAddr, first: IpAddr) -> bool {
    match (last, first) {
        (IpAddr::V4(last), IpAddr::V4(first)) => last.to_bits().checked_add(1) == Some(first.to_bits()),
        (IpAddr::V6(last), IpAddr::V6(first)) => last.to_bits().checked_add(1) == Some(first.to_bits()),
        _ => false,
    }
}

fn ports_of(space: &Space, ports: &Bits) -> String {
    let mut joined: Vec<(Carrier, u16, u16)> = Vec::new();
    for at in ports {
        let atom = space.ports.atom(at as usize);
        match joined.last_mut() {
            Some((protocol, _, last))
                if *protocol == atom.protocol && last.checked_add(1) == Some(atom.first) =>
            {
                *last = atom.last;
            }
            _ => joined.push((atom.protocol, atom.first, atom.last)),
        }
    }
    let whole = [Carrier::Tcp, Carrier::Udp, Carrier::Sctp].map(|protocol| (protocol, 1, u16::MAX));
    if joined == whole {
        return "everything".to_owned();
    }
    let said = |(protocol, first, last): &(Carrier, u16, u16)| {
        let word = match protocol {
            Carrier::Tcp => "TCP",
            Carrier::Udp => "UDP",
            Carrier::Sctp => "SCTP",
            Carrier::Icmp => "ICMP",
            Carrier::Icmpv6 => "ICMPv6",
            Carrier::Other => "other protocols",
        };
        if first == last { format!("{word} {first}") } else { format!("{word} {first}-{last}") }
    };
    joined.iter().map(said).collect::<Vec<_>>().join(", ")
}
