//! Address sets: what they contain, and the shortest list that says so.

use super::*;

fn set(ranges: &[&str]) -> AddressSet {
    ranges.iter().map(|range| range.parse::<IpNet>().unwrap()).collect()
}

fn said(set: &AddressSet) -> Vec<String> {
    let block = |block: &Block| match block.except.as_slice() {
        [] => block.cidr.to_string(),
        holes => format!(
            "{} except {}",
            block.cidr,
            holes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        ),
    };
    set.blocks().iter().map(block).collect()
}

/// The blocks denote exactly the set.
fn read_back(set: &AddressSet) -> AddressSet {
    set.blocks().into_iter().fold(AddressSet::default(), |all, block| {
        let holes: AddressSet = block.except.into_iter().collect();
        all.union(&std::iter::once(block.cidr).collect::<AddressSet>().minus(&holes))
    })
}

#[test]
fn neighbours_join() {
    assert_eq!(said(&set(&["10.0.0.0/25", "10.0.0.128/25"])), ["10.0.0.0/24"]);
}

#[test]
fn a_hole_is_an_exception() {
    let with_hole = set(&["10.0.0.0/8"]).minus(&set(&["10.1.0.0/16"]));
    assert_eq!(said(&with_hole), ["10.0.0.0/8 except 10.1.0.0/16"]);
}

#[test]
fn a_large_hole_leaves_parts() {
    assert_eq!(said(&set(&["10.0.0.0/24"]).minus(&set(&["10.0.0.0/25"]))), ["10.0.0.128/25"]);
}

#[test]
fn the_internet_is_everything_but_special_ranges() {
    let internet = AddressSet::internet();
    assert_eq!(
        said(&internet),
        [
            "0.0.0.0/0 except 0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 \
             192.168.0.0/16 224.0.0.0/3",
            "2000::/3"
        ]
    );
    assert!(internet.contains("8.8.8.8".parse().unwrap()));
    assert!(!internet.contains("10.1.2.3".parse().unwrap()));
    assert!(internet.contains("2606:4700::1111".parse().unwrap()));
    assert!(!internet.contains("fd00::1".parse().unwrap()));
}

#[test]
fn everything_is_two_blocks() {
    assert_eq!(said(&AddressSet::all()), ["0.0.0.0/0", "::/0"]);
}

#[test]
fn the_last_addresses_count() {
    let last = set(&["255.255.255.255/32", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"]);
    assert_eq!(read_back(&AddressSet::all().minus(&last)), AddressSet::all().minus(&last));
    assert_eq!(read_back(&last), last);
}

#[test]
fn blocks_denote_the_set() {
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..300 {
        let mut all = AddressSet::default();
        for _ in 0..random() % 8 {
            let net: IpNet = if random() % 4 == 0 {
                let bits = u128::from(random()) << 64;
                Ipv6Net::new(Ipv6Addr::from_bits(bits), (random() % 64) as u8).unwrap().trunc().into()
            } else {
                Ipv4Net::new(Ipv4Addr::from_bits(random() as u32), (random() % 33) as u8)
                    .unwrap()
                    .trunc()
                    .into()
            };
            let one: AddressSet = [net].into_iter().collect();
            all = if random() % 3 == 0 { all.minus(&one) } else { all.union(&one) };
        }
        assert_eq!(read_back(&all), all);
        assert!(all.and(&AddressSet::all().minus(&all)).is_empty());
    }
}
