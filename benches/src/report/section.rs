//! `Section`: a part of RESULTS.md that a command of its own writes.

/// Between which two lines it stands.
pub struct Section {
    pub begin: &'static str,
    pub end: &'static str,
}

impl Section {
    /// `results` with this text in place of the one before, or at its end.
    pub fn put_into(&self, results: &str, text: &str) -> String {
        match self.around(results) {
            Some((before, after)) => format!("{before}{text}{after}"),
            None => format!("{results}{text}"),
        }
    }

    /// `results` with the text that stands in `before`, if one does.
    pub fn carry_over(&self, before: &str, results: String) -> String {
        match self.around(before) {
            Some((above, below)) => self.put_into(&results, &before[above.len()..before.len() - below.len()]),
            None => results,
        }
    }

    fn around<'a>(&self, results: &'a str) -> Option<(&'a str, &'a str)> {
        let (before, rest) = results.split_once(self.begin)?;
        let (_, after) = rest.split_once(self.end)?;
        Some((before, after))
    }
}
