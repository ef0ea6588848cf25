//! The exit codes: one enum, its precedence and its one table.
//! It must not end the process; only `main` does.

use std::fmt::Write as _;

/// How a command ended, as a shell or a CI job sees it.
///
/// Ordered by precedence: of several outcomes the greatest is reported, [`Exit::Internal`] above all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exit {
    /// 0: as expected, and every limit met.
    AsExpected,
    /// 4: it cannot be told, or a limit was not measured.
    Inconclusive,
    /// 1: the server: not the verdict demanded, or a limit missed.
    Server,
    /// 3: no stream: unreachable, or an answer that is no event stream.
    NoStream,
    /// 5: this machine was the limit.
    Machine,
    /// 2: the command line is wrong. Nothing was started, so it meets no other outcome but the two above.
    Usage,
    /// 130: interrupted; what was measured was kept.
    Interrupted,
    /// 70: a fault of this program.
    Internal,
}

impl Exit {
    /// All outcomes in the order of their codes.
    pub const ALL: [Exit; 8] = [
        Exit::AsExpected,
        Exit::Server,
        Exit::Usage,
        Exit::NoStream,
        Exit::Inconclusive,
        Exit::Machine,
        Exit::Internal,
        Exit::Interrupted,
    ];

    /// The code handed to the operating system.
    pub fn code(self) -> u8 {
        match self {
            Exit::AsExpected => 0,
            Exit::Server => 1,
            Exit::Usage => 2,
            Exit::NoStream => 3,
            Exit::Inconclusive => 4,
            Exit::Machine => 5,
            Exit::Internal => 70,
            Exit::Interrupted => 130,
        }
    }

    /// What the code says, in one line of at most 70 characters.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::AsExpected => "as expected, and every limit met",
            Exit::Server => "the server: not the verdict demanded, or a limit missed",
            Exit::Usage => "usage: an option or an address is wrong; nothing was sent",
            Exit::NoStream => "no stream: unreachable, or the answer is no event stream",
            Exit::Inconclusive => "inconclusive: too little evidence, or a limit not measured",
            Exit::Machine => "invalid: this machine was the limit, not the server",
            Exit::Internal => "internal error of this program",
            Exit::Interrupted => "interrupted; what was measured was kept",
        }
    }

    /// The outcome to report of two that happened.
    #[must_use]
    pub fn worse(self, other: Exit) -> Exit {
        self.max(other)
    }

    /// The table of all codes, one a line and indented; help texts and documentation print this one.
    pub fn table() -> String {
        let mut table = String::new();
        for exit in Exit::ALL {
            // Writing to a String cannot fail.
            let _ = writeln!(table, "  {:>3}  {}", exit.code(), exit.meaning());
        }
        table
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_the_documented_one() {
        let order = [70, 130, 5, 3, 1, 4, 0];
        let mut sorted: Vec<Exit> = Exit::ALL
            .into_iter()
            .filter(|exit| *exit != Exit::Usage)
            .collect();
        sorted.sort_by(|a, b| b.cmp(a));
        assert_eq!(
            sorted.iter().map(|exit| exit.code()).collect::<Vec<_>>(),
            order
        );
        assert_eq!(Exit::Inconclusive.worse(Exit::Server), Exit::Server);
        assert_eq!(Exit::Server.worse(Exit::Inconclusive), Exit::Server);
    }

    #[test]
    fn the_table_has_every_code_once_and_fits_80_columns() {
        let table = Exit::table();
        let codes: Vec<&str> = table
            .lines()
            .map(|line| line.split_whitespace().next().unwrap())
            .collect();
        assert_eq!(codes, ["0", "1", "2", "3", "4", "5", "70", "130"]);
        assert!(table.lines().all(|line| line.len() <= 80));
    }
}
