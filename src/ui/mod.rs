//! What the operator sees and presses: a message comes in, the app changes, panes draw, a command goes out.
