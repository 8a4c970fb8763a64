//! Simulated time. Nothing in the core reads a clock: `now` is always an argument.

use std::fmt;
use std::ops::{Add, Sub};

use super::typed::{TypeError, Typed};
use super::value::Value;

/// A moment, in microseconds since the simulation began; negative for what an imported cluster has been through before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimTime(pub i64);

/// A length of time, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SimDuration(pub u64);

/// The date at which every simulation begins, as seconds of the Unix epoch: 2026-01-01T12:00:00Z.
const EPOCH_SECONDS: i64 = 1_767_268_800;

impl SimTime {
    pub const ZERO: SimTime = SimTime(0);

    /// The end of all time.
    pub const MAX: SimTime = SimTime(i64::MAX);

    pub const fn from_micros(micros: u64) -> Self {
        SimTime(if micros > i64::MAX as u64 { i64::MAX } else { micros as i64 })
    }

    /// Microseconds since the simulation began; 0 for what was before.
    pub fn micros(self) -> u64 {
        self.0.max(0).cast_unsigned()
    }

    pub fn since(self, earlier: SimTime) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0).max(0).cast_unsigned())
    }

    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Whole seconds only, as timestamps are stored in objects (`metav1.Time`).
    pub fn truncated_to_second(self) -> SimTime {
        SimTime(self.0.div_euclid(1_000_000) * 1_000_000)
    }

    /// Reads what [`SimTime::to_rfc3339`] writes; nothing for another text.
    pub fn parse_rfc3339(text: &str) -> Option<SimTime> {
        Some(SimTime((SimTime::unix_seconds(text)? - EPOCH_SECONDS).saturating_mul(1_000_000)))
    }

    /// The moment as `kubectl describe` prints it (RFC 1123): `Thu, 01 Jan 2026 12:00:05 +0000`.
    pub fn to_rfc1123(self) -> String {
        let days = (EPOCH_SECONDS + self.0.div_euclid(1_000_000)).div_euclid(86_400);
        let (year, month, day) = civil_from_days(days);
        // 1970-01-01 was a Thursday.
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days.rem_euclid(7) as usize];
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = months.get(month as usize - 1).copied().unwrap_or_default();
        format!("{weekday}, {day:02} {month} {year} {} +0000", &self.to_rfc3339()[11..19])
    }

    /// The moment as objects print it: `2026-01-01T12:00:05Z`.
    pub fn to_rfc3339(self) -> String {
        let seconds = EPOCH_SECONDS + self.0.div_euclid(1_000_000);
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let of_day = seconds.rem_euclid(86_400);
        let mut text = String::with_capacity("2026-01-01T12:00:00Z".len());
        for (number, mark) in [
            (year / 100, ""),
            (year % 100, "-"),
            (month, "-"),
            (day, "T"),
            (of_day / 3600, ":"),
            (of_day / 60 % 60, ":"),
            (of_day % 60, "Z"),
        ] {
            text.push(char::from(b'0' + number.div_euclid(10).rem_euclid(10) as u8));
            text.push(char::from(b'0' + number.rem_euclid(10) as u8));
            text.push_str(mark);
        }
        text
    }

    /// Reads a timestamp such as `2026-01-01T12:00:05Z`, fractions of a second aside, as seconds of the Unix epoch.
    pub fn unix_seconds(text: &str) -> Option<i64> {
        let bytes = text.as_bytes();
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if bytes.len() < 20 || bytes[bytes.len() - 1] != b'Z' || marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
            return None;
        }
        // A plain loop: the dump of a large cluster has hundreds of thousands of these.
        let (mut parts, mut part) = ([0i64; 6], 0);
        let mut at = 0;
        while at < 19 {
            match bytes[at] {
                digit @ b'0'..=b'9' => parts[part] = parts[part] * 10 + i64::from(digit - b'0'),
                b'-' | b'T' | b':' if at == 4 + 3 * part => part += 1,
                _ => return None,
            }
            at += 1;
        }
        let [year, month, day, hour, minute, second] = parts;
        Some(days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
    }
}

/// Days since 1970-01-01 (Howard Hinnant's `days_from_civil`).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    year.div_euclid(400) * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a number of days since 1970-01-01 (Howard Hinnant's `civil_from_days`).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

impl SimDuration {
    pub const ZERO: SimDuration = SimDuration(0);

    pub const fn from_micros(micros: u64) -> Self {
        SimDuration(micros)
    }

    pub const fn from_millis(millis: u64) -> Self {
        SimDuration(millis * 1000)
    }

    pub const fn from_secs(seconds: u64) -> Self {
        SimDuration(seconds.saturating_mul(1_000_000))
    }

    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Typed for SimTime {
    fn read(value: &Value) -> Result<Self, TypeError> {
        i64::read(value).map(SimTime)
    }
    fn write(&self) -> Value {
        self.0.write()
    }
}

impl Typed for SimDuration {
    fn read(value: &Value) -> Result<Self, TypeError> {
        u64::read(value).map(SimDuration)
    }
    fn write(&self) -> Value {
        self.0.write()
    }
}

impl Add<SimDuration> for SimTime {
    type Output = SimTime;
    fn add(self, length: SimDuration) -> SimTime {
        SimTime(self.0.saturating_add_unsigned(length.0))
    }
}

impl Sub<SimDuration> for SimTime {
    type Output = SimTime;
    fn sub(self, length: SimDuration) -> SimTime {
        SimTime(self.0.saturating_sub_unsigned(length.0))
    }
}

impl Add for SimDuration {
    type Output = SimDuration;
    fn add(self, other: SimDuration) -> SimDuration {
        SimDuration(self.0.saturating_add(other.0))
    }
}

/// As the page's clock shows it: `00:41.250`, and `1:02:03.000` after an hour.
impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.micros() / 1000;
        let (hours, minutes, seconds) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
        if hours > 0 {
            write!(f, "{hours}:")?;
        }
        write!(f, "{minutes:02}:{seconds:02}.{:03}", millis % 1000)
    }
}

/// In the words of a sentence: `40 ms`, `1.2 s`, `5 min`.
impl fmt::Display for SimDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0..1_000_000 => write!(f, "{} ms", self.0 / 1000),
            1_000_000..60_000_000 if !self.0.is_multiple_of(1_000_000) => write!(f, "{:.1} s", self.as_secs_f64()),
            1_000_000..120_000_000 => write!(f, "{} s", self.0 / 1_000_000),
            _ => write!(f, "{} min", self.0 / 60_000_000),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_print_as_timestamps_and_as_a_clock() {
        assert_eq!(SimTime::ZERO.to_rfc3339(), "2026-01-01T12:00:00Z");
        assert_eq!(SimTime(86_400_000_000 * 59 + 1_999_999).to_rfc3339(), "2026-03-01T12:00:01Z");
        for moment in [SimTime::ZERO, SimTime(-86_400_000_000 * 700), SimTime(86_400_000_000 * 59)] {
            let seconds = moment.0 / 1_000_000 + EPOCH_SECONDS;
            assert_eq!(SimTime::unix_seconds(&moment.to_rfc3339()), Some(seconds));
        }
        assert_eq!(SimTime::unix_seconds("yesterday"), None);
        assert_eq!(SimTime(-1).to_rfc3339(), "2026-01-01T11:59:59Z");
        assert_eq!(SimTime::ZERO.to_rfc1123(), "Thu, 01 Jan 2026 12:00:00 +0000");
        for micros in [0, 5_000_000, 86_400_000_000 * 59, 86_400_000_000 * 800 + 7_000_000] {
            assert_eq!(SimTime::parse_rfc3339(&SimTime(micros).to_rfc3339()), Some(SimTime(micros)));
        }
        assert_eq!(SimTime::parse_rfc3339("yesterday"), None);
        assert_eq!(SimTime(41_250_000).to_string(), "00:41.250");
        assert_eq!(SimTime(3_723_004_000).to_string(), "1:02:03.004");
    }
}
