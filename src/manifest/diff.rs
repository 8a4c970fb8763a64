//! What changed between two texts, line by line, as `diff -u` shows it.

/// Lines compared pairwise at most; of longer texts the whole middle counts as changed.
const COMPARISONS_MAX: usize = 4_000_000;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Same,
    Removed,
    Added,
}

impl Change {
    /// The first character of the line in a unified diff.
    pub fn sign(self) -> char {
        match self {
            Change::Same => ' ',
            Change::Removed => '-',
            Change::Added => '+',
        }
    }
}

/// A line and what became of it.
pub type Line<'a> = (Change, &'a str);

/// All lines of both texts, those that are the same once; of a change the removed ones first.
pub fn diff<'a>(old: &'a str, new: &'a str) -> Vec<(Change, &'a str)> {
    let (a, b): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let mut lines: Vec<(Change, &str)> = a[..head].iter().map(|line| (Change::Same, *line)).collect();
    middle(old, new, &mut lines);
    lines.extend(a[a.len() - tail..].iter().map(|line| (Change::Same, *line)));
    lines
}

/// By the longest common subsequence.
fn middle<'a>(old: &[&'a str], new: &[&'a str], lines: &mut Vec<(Change, &'a str)>) {
    let width = new.len() + 1;
    let small = old.len().saturating_mul(new.len()) <= COMPARISONS_MAX;
    // How many lines are common to what is left of both from here on.
    let mut common = vec![0u32; if small { width * (old.len() + 1) } else { 0 }];
    if small {
        for i in (0..old.len()).rev() {
            for j in (0..new.len()).rev() {
                common[i * width + j] = if old[i] == new[j] {
                    common[(i + 1) * width + j + 1] + 1
                } else {
                    common[(i + 1) * width + j].max(common[i * width + j + 1])
                };
            }
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if small && i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((Change::Same, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len()
            && (j == new.len() || !small || common[(i + 1) * width + j] >= common[i * width + j + 1])
        {
            lines.push((Change::Removed, old[i]));
            i += 1;
        } else {
            lines.push((Change::Added, new[j]));
            j += 1;
        }
    }
}

/// Stretches of changed lines with so many unchanged ones around them: where they begin in both texts, counted from 1,
/// and their lines.
pub fn hunks<'a, 'b>(lines: &'b [Line<'a>], context: usize) -> Vec<((usize, usize), &'b [Line<'a>])> {
    let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, _) in lines.iter().enumerate().filter(|(_, (change, _))| *change != Change::Same) {
        let (from, to) = (index.saturating_sub(context), (index + context + 1).min(lines.len()));
        match ranges.last_mut().filter(|last| last.end >= from) {
            Some(last) => last.end = to,
            None => ranges.push(from..to),
        }
    }
    let before = |end: usize, other: Change| lines[..end].iter().filter(|(change, _)| *change != other).count();
    let begin = |range: &std::ops::Range<usize>| {
        (before(range.start, Change::Added) + 1, before(range.start, Change::Removed) + 1)
    };
    ranges.into_iter().map(|range| (begin(&range), &lines[range])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[(Change, &str)]) -> String {
        lines.iter().map(|(change, line)| format!("{}{line}\n", change.sign())).collect()
    }

    #[test]
    fn the_least_is_said_to_have_changed() {
        assert_eq!(text(&diff("a\nb\nc\nd\n", "a\nx\nc\nd\ne\n")), " a\n-b\n+x\n c\n d\n+e\n");
        assert_eq!(text(&diff("", "a\n")), "+a\n");
        assert_eq!(text(&diff("a\n", "a\n")), " a\n");
        assert_eq!(text(&diff("a\nb\na\nb\n", "b\na\n")), "-a\n b\n a\n-b\n");
    }

    #[test]
    fn hunks_join_where_their_surroundings_meet() {
        let old: String = (1..=20).map(|number| format!("{number}\n")).collect();
        let new = old.replace("\n5\n", "\nfive\n").replace("\n9\n", "\n").replace("\n18\n", "\n18\n18½\n");
        let lines = diff(&old, &new);
        let hunks = hunks(&lines, 2);
        let shown: Vec<((usize, usize), String)> = hunks.iter().map(|(at, lines)| (*at, text(lines))).collect();
        assert_eq!(
            shown,
            [
                ((3, 3), " 3\n 4\n-5\n+five\n 6\n 7\n 8\n-9\n 10\n 11\n".to_owned()),
                ((17, 16), " 17\n 18\n+18½\n 19\n 20\n".to_owned()),
            ]
        );
    }

    #[test]
    fn very_long_texts_are_not_compared_line_by_line() {
        let old: String = (0..3000).map(|number| format!("a{number}\n")).collect();
        let new: String = (0..3000).map(|number| format!("b{number}\n")).collect();
        assert_eq!(diff(&old, &new).len(), 6000);
    }
}
