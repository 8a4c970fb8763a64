//! The one source of randomness: everything that a real cluster leaves to chance is drawn from here, by seed.

use crate::api::{SimDuration, Uid};

/// SplitMix64 (Steele, Lea, Flood 2014): tiny, and any seed is a good seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Rng(u64);

/// The alphabet of generated name suffixes (apimachinery `rand.String`): no vowels, no 0, 1, 3.
const SUFFIX_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const SUFFIX_LENGTH: usize = 5;

impl Rng {
    /// Places of a Go map that fits into one group.
    pub const SMALL_MAP: usize = 8;

    pub fn new(seed: u64) -> Self {
        Rng(seed)
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which must not be 0 (0 is answered with 0).
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias of a plain multiplication is below 2^-40 for the bounds used here.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A length of time between two bounds, both included.
    pub fn duration(&mut self, (min, max): (SimDuration, SimDuration)) -> SimDuration {
        SimDuration(min.0 + self.below(max.0.saturating_sub(min.0) + 1))
    }

    pub fn uid(&mut self) -> Uid {
        Uid::from_random(u128::from(self.next_u64()) << 64 | u128::from(self.next_u64()))
    }

    /// The five characters that the API server appends to `generateName` (`SimpleNameGenerator`).
    pub fn name_suffix(&mut self) -> String {
        (0..SUFFIX_LENGTH).map(|_| char::from(SUFFIX_ALPHABET[self.below(27) as usize % 27])).collect()
    }

    /// Puts a list into the order of a walk over a Go map (since Go 1.24): a map of up to eight entries is walked in the
    /// order in which they were put in, beginning at one of its eight places; a larger one in any order.
    ///
    /// `list` holds some of a map's `entries`, each with its place.
    pub fn walk_map<T>(&mut self, entries: usize, list: &mut [(usize, T)]) {
        if entries > Self::SMALL_MAP {
            for i in (1..list.len()).rev() {
                list.swap(i, self.below(i as u64 + 1) as usize);
            }
            return;
        }
        let places = Self::SMALL_MAP;
        let first = self.below(places as u64) as usize;
        list.sort_by_key(|(place, _)| (place + places - first) % places);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_map_is_walked_round_from_one_of_its_places_and_a_large_one_anyhow() {
        let mut rng = Rng::new(3);
        let mut begins = [0; 3];
        for _ in 0..800 {
            let mut list: Vec<(usize, ())> = (0..3).map(|place| (place, ())).collect();
            rng.walk_map(3, &mut list);
            let places: Vec<usize> = list.iter().map(|(place, ())| *place).collect();
            assert!([[0, 1, 2], [1, 2, 0], [2, 0, 1]].iter().any(|it| it[..] == places), "{places:?}");
            begins[places[0]] += 1;
        }
        // Six of eight places lead to the first entry.
        assert!(begins[0] > 500 && begins[1] > 50 && begins[2] > 50, "{begins:?}");
        let mut list: Vec<(usize, ())> = (0..9).map(|place| (place, ())).collect();
        let orders: Vec<bool> = (0..20)
            .map(|_| {
                rng.walk_map(9, &mut list);
                list.windows(2).all(|pair| (pair[0].0 + 1) % 9 == pair[1].0)
            })
            .collect();
        assert!(orders.contains(&false));
    }
}
