//! The rows of a CSV file, kept as one text: what each subscriber of a run has of his own.
//! It must not know what is done with the values, and never repeats one: they may be secrets.

use csv::{ErrorKind, Reader, ReaderBuilder, Trim};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Named columns and rows of values.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What it was read from, for messages.
    file: String,
    columns: Vec<String>,
    /// All values, one behind the other, row by row.
    text: String,
    /// Where each of them ends.
    ends: Vec<u32>,
    /// The line on which each row begins.
    lines: Vec<u32>,
}

/// Why a file is no table of users.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TableError {
    /// There is nothing in it.
    #[error(
        "{0} is empty: expected a first line with the names of the columns, and a row below it for each user"
    )]
    Empty(String),
    /// There is only a first line.
    #[error("{0} has no row below the names of its columns: expected one for each user")]
    NoRows(String),
    /// A column without a name, or with that of another.
    #[error(
        "{file}: column {number} is called `{name}`; expected a name of its own for each column in the first line"
    )]
    Name {
        /// The file.
        file: String,
        /// Which column, from 1.
        number: usize,
        /// What it is called.
        name: String,
    },
    /// A row with more or fewer values than there are columns.
    #[error(
        "{file} line {line}: {found} values where the first line names {expected} columns; a value with a comma in it needs quotes"
    )]
    Ragged {
        /// The file.
        file: String,
        /// The line.
        line: u32,
        /// How many values there are.
        found: u64,
        /// How many columns.
        expected: usize,
    },
    /// Bytes that are no UTF-8.
    #[error("{file} line {line}: not UTF-8; save the file as UTF-8")]
    Encoding {
        /// The file.
        file: String,
        /// The line.
        line: u32,
    },
    /// More than 4 GiB of values.
    #[error("{0} holds more than 4 GiB of values: give each machine a part of it")]
    TooLarge(String),
}

impl Table {
    /// Reads RFC 4180's format: a line with the names of the columns, a row for each user, values in quotes where they
    /// need them. Blank lines are none. `file` is what messages call it.
    pub fn read(content: &[u8], file: &str) -> Result<Self, TableError> {
        let mut lines = Lines::of(content);
        if let Err(error) = str::from_utf8(content) {
            return Err(TableError::Encoding {
                file: file.to_owned(),
                line: lines.at(error.valid_up_to()),
            });
        }
        let mut reader = ReaderBuilder::new()
            .trim(Trim::Headers)
            .from_reader(content);
        let mut table = Self {
            file: file.to_owned(),
            columns: names(&mut reader, file)?,
            text: String::new(),
            ends: Vec::new(),
            lines: Vec::new(),
        };
        for record in reader.records() {
            let record = record.map_err(|error| refusal(&error, &table, &mut lines))?;
            let begin = record.position().map_or(0, csv::Position::byte);
            table.push(lines.of_row(begin), record.iter())?;
        }
        if table.lines.is_empty() {
            return Err(TableError::NoRows(file.to_owned()));
        }
        Ok(table)
    }

    /// What it was read from.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The names of the columns, as they stand in the file.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Rows; at least 1.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The line of the file on which a row begins.
    pub fn line(&self, row: usize) -> u32 {
        self.lines[row]
    }

    /// The value of a row in a column; nothing for a name that is none.
    pub fn value(&self, row: usize, column: &str) -> Option<&str> {
        let at = self.columns.iter().position(|known| known == column)?;
        Some(self.at(row * self.columns.len() + at))
    }

    /// The same table with these columns alone, and without the values of rows that nobody needs; they keep their numbers.
    #[must_use]
    pub fn reduced(&self, column: impl Fn(&str) -> bool, row: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|at| column(&self.columns[*at]))
            .collect();
        let mut reduced = Self {
            file: self.file.clone(),
            columns: kept.iter().map(|at| self.columns[*at].clone()).collect(),
            text: String::new(),
            ends: Vec::with_capacity(self.rows() * kept.len()),
            lines: self.lines.clone(),
        };
        for number in 0..self.rows() {
            for at in &kept {
                if row(number) {
                    let value = self.at(number * self.columns.len() + at);
                    reduced.text.push_str(value);
                }
                reduced.ends.push(reduced.text.len() as u32);
            }
        }
        reduced.text.shrink_to_fit();
        reduced
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> u64 {
        (self.text.capacity() + 4 * (self.ends.len() + self.lines.len())) as u64
    }

    fn at(&self, index: usize) -> &str {
        let from = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[from as usize..self.ends[index] as usize]
    }

    fn push<'a>(
        &mut self,
        line: u32,
        values: impl Iterator<Item = &'a str>,
    ) -> Result<(), TableError> {
        for value in values {
            self.text.push_str(value);
            let end = u32::try_from(self.text.len());
            self.ends
                .push(end.map_err(|_| TableError::TooLarge(self.file.clone()))?);
        }
        self.lines.push(line);
        Ok(())
    }
}

/// The values are nobody's business.
impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table")
            .field("file", &self.file)
            .field("columns", &self.columns)
            .field("rows", &self.rows())
            .finish_non_exhaustive()
    }
}

/// Which line a byte is on; bytes are asked for in order.
struct Lines<'a> {
    content: &'a [u8],
    byte: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    fn of(content: &'a [u8]) -> Self {
        Self {
            content,
            byte: 0,
            line: 1,
        }
    }

    fn at(&mut self, byte: usize) -> u32 {
        let passed = &self.content[self.byte..byte.clamp(self.byte, self.content.len())];
        let breaks = memchr::memchr_iter(b'\n', passed).count();
        self.line = self.line.saturating_add(breaks as u32);
        self.byte += passed.len();
        self.line
    }

    /// The reader counts what is left of the line before a row, and blank lines, to the row.
    fn of_row(&mut self, begin: u64) -> u32 {
        let begin = usize::try_from(begin)
            .unwrap_or(usize::MAX)
            .min(self.content.len());
        let breaks = self.content[begin..].iter();
        let skipped = breaks
            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
            .count();
        self.at(begin + skipped)
    }
}

fn names(reader: &mut Reader<&[u8]>, file: &str) -> Result<Vec<String>, TableError> {
    let names: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(_) => Vec::new(),
    };
    if names.is_empty() {
        return Err(TableError::Empty(file.to_owned()));
    }
    let wrong = (0..names.len()).find(|at| {
        let name = &names[*at];
        name.is_empty() || names[..*at].contains(name) || name.contains(['{', '}'])
    });
    match wrong {
        None => Ok(names),
        Some(at) => Err(TableError::Name {
            file: file.to_owned(),
            number: at + 1,
            name: names[at].escape_debug().to_string(),
        }),
    }
}

/// Of text in memory nothing can be wrong but the number of values in a row.
fn refusal(error: &csv::Error, table: &Table, lines: &mut Lines<'_>) -> TableError {
    let found = match error.kind() {
        ErrorKind::UnequalLengths { len, .. } => *len,
        _ => 0,
    };
    let begin = error.position().map_or(0, csv::Position::byte);
    TableError::Ragged {
        file: table.file.clone(),
        line: lines.of_row(begin),
        found,
        expected: table.columns.len(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Table, String> {
        Table::read(text.as_bytes(), "users.csv").map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_found_by_row_and_column() {
        let table =
            read("\u{feff}id, token\r\n1,abc\r\n\r\n2,\"a, \"\"quoted\"\" one\"\r\n").unwrap();
        assert_eq!(table.columns(), ["id", "token"]);
        assert_eq!(table.rows(), 2);
        assert_eq!(table.value(1, "token"), Some("a, \"quoted\" one"));
        assert_eq!(
            (table.value(0, "id"), table.value(0, "name")),
            (Some("1"), None)
        );
        assert_eq!((table.line(0), table.line(1)), (2, 4));
    }

    #[test]
    fn what_is_no_table_is_refused_by_its_line() {
        for (text, said) in [
            ("", "users.csv is empty"),
            ("\n\n", "users.csv is empty"),
            ("id,token\n", "users.csv has no row below"),
            ("id,id\n1,2\n", "column 2 is called `id`"),
            ("id,\n1,2\n", "column 2 is called ``"),
            (
                "a,b\n1,2\n1,2,s3cret\n",
                "users.csv line 3: 3 values where the first line names 2",
            ),
            ("a,b\n\n1,\"x\ny\"\n1\n", "users.csv line 5: 1 values"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
        let error = Table::read(b"a\nx\n\xff\n", "users.csv").unwrap_err();
        assert!(error.to_string().starts_with("users.csv line 3: not UTF-8"));
    }

    #[test]
    fn values_are_not_shown() {
        let shown = format!("{:?}", read("token\ns3cret\n").unwrap());
        assert!(
            shown.contains("token") && !shown.contains("s3cret"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn what_is_left_of_a_table_is_what_was_in_it(rows in prop::collection::vec("[a-z]{0,4}", 1..20), of in 1_usize..4) {
            let text: String = rows.iter().map(|value| format!("x{value},\"{value}\"\n")).collect();
            let whole = read(&format!("a,b\n{text}")).unwrap();
            let part = whole.reduced(|column| column == "b", |row| row % of == 0);
            for (row, value) in rows.iter().enumerate() {
                prop_assert_eq!(whole.value(row, "b"), Some(value.as_str()));
                let kept = if row % of == 0 { value.as_str() } else { "" };
                prop_assert_eq!(part.value(row, "b"), Some(kept));
                prop_assert_eq!(part.value(row, "a"), None);
            }
        }
    }
}
