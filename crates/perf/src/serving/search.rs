//! Search over executions of a server.
