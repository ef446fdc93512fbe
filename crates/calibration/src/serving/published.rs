//! Published results of servers (`e2e.csv`), each in its own unit.
