//! Columns of text, and lengths of time, as kubectl prints them.

use crate::api::{SimTime, Value};

/// Rows of cells as kubectl's `get` tables: each column as wide as its widest cell and 3 more, at least 6; the last
/// cell of a row is not padded. `widths` remembers, so that the rows of a watch stand below each other.
pub fn table(rows: &[Vec<String>], widths: &mut Vec<usize>) -> String {
    rows.iter().for_each(|row| measure(row, widths));
    let mut out = String::new();
    rows.iter().for_each(|row| line(row, widths, &mut out));
    out
}

/// Makes the columns wide enough for a row.
pub fn measure(row: &[String], widths: &mut Vec<usize>) {
    for (index, cell) in row.iter().enumerate().take(row.len().saturating_sub(1)) {
        let wanted = (cell.chars().count() + 3).max(6);
        match widths.get_mut(index) {
            Some(width) => *width = (*width).max(wanted),
            None => widths.push(wanted),
        }
    }
}

/// A row in columns that are wide enough.
pub fn line(row: &[String], widths: &[usize], out: &mut String) {
    for (index, cell) in row.iter().enumerate() {
        out.push_str(cell);
        if let Some(width) = widths.get(index).filter(|_| index + 1 < row.len()) {
            pad(out, width.saturating_sub(cell.chars().count()));
        }
    }
    out.push('\n');
}

fn pad(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// Text with tabs laid out as Go's `text/tabwriter` does with a minimal width of 0 and padding 2: a column is a block of
/// consecutive lines that have a cell ended by a tab there.
pub fn tabbed(text: &str) -> String {
    let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.split('\t').collect()).collect();
    let mut widths: Vec<Vec<usize>> = lines.iter().map(|line| vec![0; line.len()]).collect();
    columns(&lines, &mut widths, 0, lines.len(), 0);
    let mut out = String::with_capacity(text.len() * 2);
    for (number, line) in lines.iter().enumerate() {
        for (index, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if index + 1 < line.len() {
                pad(&mut out, widths[number][index].saturating_sub(cell.chars().count()));
            }
        }
        if number + 1 < lines.len() {
            out.push('\n');
        }
    }
    out
}

/// Sets the widths of a column in the blocks between two lines, and then of the columns to the right of each block.
fn columns(lines: &[Vec<&str>], widths: &mut [Vec<usize>], from: usize, to: usize, column: usize) {
    let has = |line: &Vec<&str>| line.len() > column + 1;
    let mut at = from;
    while at < to {
        if !has(&lines[at]) {
            at += 1;
            continue;
        }
        let end = (at..to).find(|it| !has(&lines[*it])).unwrap_or(to);
        let widest = lines[at..end].iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        // A column of empty cells takes no room (`DiscardEmptyColumns` is off, so its padding stays).
        for line in &mut widths[at..end] {
            line[column] = widest + 2;
        }
        columns(lines, widths, at, end, column + 1);
        at = end;
    }
}

/// Models apimachinery `duration.HumanDuration`, of a number of seconds.
pub fn human(seconds: i64) -> String {
    let join = |large: i64, unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit}{small}{small_unit}"),
    };
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    match seconds {
        ..=-2 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => join(minutes, "m", seconds % 60, "s"),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => join(hours, "h", minutes % 60, "m"),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => join(hours / 24, "d", hours % 24, "h"),
        691_200..63_072_000 => format!("{}d", hours / 24),
        63_072_000..252_288_000 => join(hours / 24 / 365, "y", hours / 24 % 365, "d"),
        _ => format!("{}y", hours / 24 / 365),
    }
}

/// How long ago a timestamp is.
pub fn age(timestamp: Option<&Value>, now: SimTime) -> String {
    match timestamp.and_then(Value::as_str).and_then(SimTime::parse_rfc3339) {
        // Timestamps are whole seconds, the clock is not; what is left is cut off.
        Some(at) => human((now.0 - at.0) / 1_000_000),
        None => "<unknown>".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_follow_the_table() {
        for (seconds, text) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (28_799, "7h59m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (176_400, "2d1h"),
            (691_199, "7d23h"),
            (691_200, "8d"),
            (63_071_999, "729d"),
            (63_072_000, "2y"),
            (63_158_400, "2y1d"),
            (252_288_000, "8y"),
        ] {
            assert_eq!(human(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn a_line_without_a_tab_ends_a_block() {
        assert_eq!(tabbed("a:\tx\nlonger:\ty\nno tab\nb:\tz\n"), "a:       x\nlonger:  y\nno tab\nb:  z\n");
        assert_eq!(tabbed("  a\tb\tc\n  aa\tb\n"), "  a   b  c\n  aa  b\n");
    }

    #[test]
    fn tables_keep_their_widths() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let mut widths = Vec::new();
        assert_eq!(table(&[row(&["NAME", "AGE"]), row(&["a", "5s"])], &mut widths), "NAME   AGE\na      5s\n");
        assert_eq!(table(&[row(&["longer", "6s"])], &mut widths), "longer   6s\n");
        assert_eq!(table(&[row(&["b", "7s"])], &mut widths), "b        7s\n");
    }
}
