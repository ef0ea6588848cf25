//! The command line of loadgen: it calls the library and maps the outcome to an exit code.

fn main() {}
