//! The time track: which kinds of acts happened when, in a fixed number of columns however long the run is.

use super::Tone;

const COLUMNS: usize = 256;
/// The track shows at least so much time.
const SHORTEST: u64 = 30_000_000;

#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Up to where the simulation has come, in microseconds.
    pub end: u64,
    /// The moment that the page shows.
    pub at: u64,
    /// The time that one column stands for.
    pub width: u64,
    /// The tones of each column, as bits in the order of [`Tone::ALL`].
    pub columns: Vec<u8>,
}

impl Default for Track {
    fn default() -> Track {
        Track { end: 0, at: 0, width: SHORTEST / COLUMNS as u64, columns: vec![0; COLUMNS] }
    }
}

impl Track {
    /// The time that the whole track stands for.
    pub fn span(&self) -> u64 {
        self.width * COLUMNS as u64
    }

    /// Makes room up to a moment: whenever that is not enough, two columns become one.
    pub fn reach(&mut self, end: u64) {
        self.end = end;
        while end >= self.span() {
            for index in 0..COLUMNS {
                let pair = self.columns.get(index * 2..index * 2 + 2).unwrap_or_default();
                self.columns[index] = pair.iter().fold(0, |all, tones| all | tones);
            }
            self.width *= 2;
        }
    }

    pub fn mark(&mut self, at: u64, tone: Tone) {
        self.reach(self.end.max(at));
        let bit = Tone::ALL.iter().position(|other| *other == tone).unwrap_or(0);
        if let Some(column) = self.columns.get_mut((at / self.width) as usize) {
            *column |= 1 << bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_folds_its_columns_and_keeps_its_marks() {
        let mut track = Track::default();
        track.mark(0, Tone::You);
        track.mark(29_000_000, Tone::Create);
        assert_eq!(track.columns.iter().filter(|column| **column > 0).count(), 2);
        track.reach(1_000_000_000);
        assert!(track.span() > 1_000_000_000);
        assert_eq!(track.columns.len(), 256);
        assert_eq!(track.columns[0], 1 << 4);
        assert_eq!(track.columns[(29_000_000 / track.width) as usize], 1 << 2);
        assert_eq!(track.columns.iter().filter(|column| **column > 0).count(), 2);
    }
}
