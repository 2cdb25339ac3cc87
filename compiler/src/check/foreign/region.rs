//! What one end of flows says of them: a set of pairs of peer and port. The algebra that asking policies one after the
//! other needs; knows no policies.

use roaring::RoaringBitmap as Bits;

/// Rows of ports, no two with one port, each with the peers on these ports.
#[derive(Clone, Debug, Default)]
pub(super) struct Region {
    rows: Vec<(Bits, Bits)>,
}

/// Beyond so many rows those with equal peers are joined.
const MANY: usize = 32;

impl Region {
    pub fn of(peers: &Bits, ports: &Bits) -> Region {
        let mut region = Region::default();
        region.add(peers, ports);
        region
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn add(&mut self, peers: &Bits, ports: &Bits) {
        if !peers.is_empty() && !ports.is_empty() {
            let rest = self.split(ports, |own| *own |= peers);
            if !rest.is_empty() {
                self.rows.push((rest, peers.clone()));
            }
            self.tidy();
        }
    }

    pub fn cut(&mut self, peers: &Bits, ports: &Bits) {
        if !peers.is_empty() && !ports.is_empty() {
            self.split(ports, |own| *own -= peers);
            self.tidy();
        }
    }

    /// What of it lies between these peers and ports.
    pub fn within(&self, peers: &Bits, ports: &Bits) -> Region {
        let rows = self.rows.iter().map(|(own_ports, own)| (own_ports & ports, own & peers));
        Region { rows: rows.filter(|(ports, peers)| !ports.is_empty() && !peers.is_empty()).collect() }
    }

    pub fn join(&mut self, other: &Region) {
        other.rows.iter().for_each(|(ports, peers)| self.add(peers, ports));
    }

    pub fn minus(mut self, other: &Region) -> Region {
        other.rows.iter().for_each(|(ports, peers)| self.cut(peers, ports));
        self
    }

    pub fn and(&self, other: &Region) -> Region {
        let mut both = Region::default();
        for (ports, peers) in &other.rows {
            both.rows.extend(self.within(peers, ports).rows);
        }
        both
    }

    /// Peers and ports, those with equal peers together, by their first port.
    pub fn rows(mut self) -> Vec<(Bits, Bits)> {
        self.join_equal();
        self.rows.sort_by_key(|(ports, _)| ports.min());
        self.rows.into_iter().map(|(ports, peers)| (peers, ports)).collect()
    }

    /// Changes the peers on these ports; what of the ports no row had.
    fn split(&mut self, ports: &Bits, change: impl Fn(&mut Bits)) -> Bits {
        let mut rest = ports.clone();
        let mut parts = Vec::new();
        for (own_ports, peers) in &mut self.rows {
            if own_ports.is_disjoint(ports) {
                continue;
            }
            rest -= &*own_ports;
            let outside = &*own_ports - ports;
            if !outside.is_empty() {
                *own_ports -= &outside;
                parts.push((outside, peers.clone()));
            }
            change(peers);
        }
        self.rows.extend(parts);
        self.rows.retain(|(_, peers)| !peers.is_empty());
        rest
    }

    fn tidy(&mut self) {
        if self.rows.len() > MANY {
            self.join_equal();
        }
    }

    fn join_equal(&mut self) {
        let mut joined: Vec<(Bits, Bits)> = Vec::with_capacity(self.rows.len());
        for (ports, peers) in std::mem::take(&mut self.rows) {
            match joined.iter_mut().find(|(_, known)| *known == peers) {
                Some((known, _)) => *known |= ports,
                None => joined.push((ports, peers)),
            }
        }
        self.rows = joined;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(members: impl IntoIterator<Item = u32>) -> Bits {
        members.into_iter().collect()
    }

    fn pairs(region: &Region) -> Vec<(u32, u32)> {
        let rows = region.rows.iter();
        let pair = |(ports, peers): &(Bits, Bits)| {
            let peers = peers.clone();
            ports
                .iter()
                .flat_map(move |port| peers.iter().map(move |peer| (peer, port)).collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        let mut all: Vec<(u32, u32)> = rows.flat_map(pair).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn the_algebra_is_that_of_sets_of_pairs() {
        let mut region = Region::of(&bits(0..4), &bits(0..3));
        region.cut(&bits([1, 2]), &bits([2, 3]));
        region.add(&bits([7]), &bits([2, 5]));
        let mut expected: Vec<(u32, u32)> =
            (0..4).flat_map(|peer| (0..3).map(move |port| (peer, port))).collect();
        expected.retain(|(peer, port)| !(matches!(peer, 1 | 2) && *port == 2));
        expected.extend([(7, 2), (7, 5)]);
        expected.sort_unstable();
        assert_eq!(pairs(&region), expected);

        let other = Region::of(&bits([0, 7]), &bits([2]));
        assert_eq!(pairs(&region.and(&other)), [(0, 2), (7, 2)]);
        let rest: Vec<_> = expected.into_iter().filter(|pair| !matches!(pair, (0 | 7, 2))).collect();
        assert_eq!(pairs(&region.minus(&other)), rest);
    }

    #[test]
    fn rows_with_equal_peers_stand_together() {
        let mut region = Region::default();
        (0..100).rev().for_each(|port| region.add(&bits([3]), &bits([port])));
        region.add(&bits([4]), &bits([50]));
        let rows = region.rows();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].1.len(), rows[1].0.len()), (99, 2));
    }
}
