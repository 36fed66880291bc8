//! What a run is: pure data and decisions; no I/O, no clock, no randomness, no async.
//!
//! Read it in the order of a step's life: an `order` or an outcome comes in, `decide` makes facts of it or refuses,
//! the facts become `event`s in a `commit`, `session` folds them, and `next` tells from the fold what is needed.

pub mod letters; // which characters hide, pretend or turn the line round
pub mod text; // foreign text is data: cleaned, revealed, measured and wrapped
pub mod ids; // numbers and names that must not mix
pub mod hash; // SHA-256 and what is hashed
pub mod canon; // the one byte form of a JSON value
pub mod amount; // amounts as people type and read them
pub mod time; // microseconds and how people read them
pub mod schema; // checks arguments against a schema and names the bad path
pub mod lexical; // where a path lies, told by its text alone
pub mod host; // which hosts a list names
pub mod tool_spec; // what a tool declares: name, schema, effect, scope
pub mod money; // billionths of a dollar, and sums of which a part may be unknown
pub mod price; // what models cost, by name, and what a reply cost
pub mod budget; // what may be taken before a person is asked: limits by scope and unit, and how they are typed
pub mod message; // the conversation, free of any provider's words
pub mod route; // a way to ask a model, and what a fault means for it
pub mod rests; // which of several ways is taken, and what failed rests
pub mod fault; // what can go wrong with a model request
pub mod retry; // a fault and its count: wait or give up
pub mod argv; // what the arguments of a command say of themselves
pub mod shell; // a line for a shell, read strictly
pub mod reach; // all that a command says it will run and touch
pub mod policy; // allow, ask or deny, and which rule said so
pub mod sandbox; // what a command can reach, asked for and in force
pub mod command_part; // what a command runs and opens, and the scripts it names
pub mod lease_pattern; // which arguments a lease covers: exact where it was not widened
pub mod lease_terms; // the terms of a lease as they are typed
pub mod call; // one tool call and how it stands
pub mod lease_covers; // whether a pattern covers a call, and if not, why
pub mod lease; // what a person allowed ahead, how much of it is left, and when it is over
pub mod consent; // whether a verdict lets a call go or hands it to a person
pub mod marks; // what an operator marks on a whole session: tags, a pin, archive, bin
pub mod foreign; // what is known of another tool's session, in plain words of this one
pub mod pattern; // regular expressions, bounded
pub mod argument; // an argument of a call by its path, and what it is to be
pub mod breakpoint; // where a run is to stop: how it is typed, and what it means in a sentence
pub mod boundary; // what a task may touch before a person is asked
pub mod gauge; // how many tokens the next request has, by bytes and by what replies told
pub mod window; // how much a model reads at once, and from when on a conversation is made shorter
pub mod purse; // what was taken, of a run, a session or a day
pub mod rounds; // whether a run goes in circles
pub mod checks; // what must pass before a run may end as done: calls that the harness makes
pub mod compaction; // what makes a conversation shorter, as it is written down
pub mod digest; // what stands for the older part of a conversation
pub mod compaction_plan; // how a conversation is to be made shorter
pub mod held; // why a run is held before its model's next turn
pub mod limits; // the limits of a run, as they are written down when it begins
pub mod event; // every fact that can happen; the only thing ever stored
pub mod event_kinds; // the kinds of facts by name and by family
pub mod stored; // the form of an event on disk
pub mod commit; // facts that become durable together; the one fold rule of the log
pub mod order; // what an operator or a channel may tell a run
pub mod command; // what a screen asks of whoever drives sessions
pub mod run; // one task inside a session and how its model's turn stands
pub mod stops; // which breakpoints stand and are due, what the run stopped at, and the notes for the next request
pub mod reins; // what holds a run, as facts: limits and circles
pub mod context; // how much of the model's window a session fills, and what a compaction makes of its messages
pub mod context_due; // whether a conversation is to be made shorter, or a person asked
pub mod shelf; // numbered things of which the oldest may be let go
pub mod session; // a session as its events tell it; the one `apply`
pub mod reply_fold; // how a reply, and the ends of its calls, join the messages
pub mod call_fold; // how the facts about a call change it
pub mod files; // the files of a workspace as they were: a manifest, and what differs between two
pub mod fork; // a session that begins as a copy of another, and what is changed in it
pub mod trail; // which files belong to an event of a session
pub mod next; // the single next thing a session needs, told by the session alone
pub mod decide; // an input becomes facts, or is refused with a reason; the only door
pub mod decide_stop; // decide, for breakpoints, going on and notes
pub mod judged; // what the policy said of a call, as the worker reports it
pub mod decide_lease; // decide, for leases
pub mod outcome; // decide, for what the worker learned
pub mod narrow; // what the harness makes of a verdict: it may ask where the policy allows
pub mod outcome_ask; // decide, for a request to the model: whether its share of every limit is there
pub mod outcome_compact; // decide, for what makes a conversation shorter
pub mod burn; // how fast a run takes what it may
pub mod place; // the place of a new event: number, run, span
pub mod imported; // how a session that another tool recorded is folded
pub mod import; // another tool's records as events of an imported session
pub mod waits; // what a session row keeps of the calls that wait
pub mod tally; // events as one session row: status, cost, duration
pub mod tally_cost; // what a session row knows of costs
pub mod listing; // tabs, and which session rows fit a question
pub mod inbox; // every hold of every session, as a list, and what became of an answer
pub mod listing_words; // what is typed to filter a list of sessions, read
pub mod titling; // titles that a model gives
pub mod retention; // how long sessions that were put away are kept
pub mod library; // what a screen of sessions asks for and is told
pub mod audit; // who decided what, on what, by which rule, after how long
pub mod audit_words; // an audit as lines, as JSON and as a page
pub mod secrets; // what looks like a secret in a text, and the handle in its place
mod secrets_forms; // the forms of secrets
pub mod secrets_keys; // private keys, whole and in parts
pub mod secrets_use; // where a handle in a call may stand
pub mod search; // the text of an event, and what is found in it
pub mod about; // what a fact says, in one line
pub mod inspect; // one event looked at closely: what it says, what it belongs to, everything kept of that
pub mod backtest; // the judged calls of a stored session, for a policy of today
pub mod lease_trial; // what a lease would have allowed in past sessions, against what was decided
pub mod notice; // what a run tells outside: events, drafts, faults, session rows
pub mod watch; // what a call waits for, from its facts alone
pub mod card; // one tool call as a line of the conversation
pub mod talk_item; // what an entry of the conversation is made of
pub mod talk; // events as a conversation
pub mod span_tree; // whether the spans of a session are a whole tree
pub mod trace_row; // what a row of the timeline is made of
pub mod trace_import; // the rows of a session that another tool recorded
pub mod trace_context; // the rows of what makes the conversation shorter
pub mod trace_calls; // the rows of calls and of what they ran
pub mod trace; // events as timeline rows and spans
pub mod watched; // the folds of who looks at a session, and how they let go of what is long over
pub mod packed; // numbers and texts as bytes, short where they are like others
pub mod survey_core; // what was open at an event, as text
pub mod survey_kept; // a survey as bytes, kept beside the log
pub mod survey; // a stored session in short: times, marks, and places from which it can be folded
pub mod pace; // how a recorded wait is played: the reply streams again, long silences are shortened
pub mod verify; // whether a stored session is what this program would have written
pub mod verify_fork; // what a forked session tells again, and what was changed in it
pub mod verify_input; // which input a stored fact tells of
pub mod verify_reins; // the same for limits and circles
pub mod verify_context; // the same for compactions
pub mod verify_words; // what a check found, in words
pub mod account; // what a session did, line by line, and what it took
pub mod hunks; // two texts compared line by line
pub mod align; // two lists side by side
pub mod compare_change; // what differs between two lines of them, in short and in full
pub mod compare; // two sessions side by side: where they part, how they differ
pub mod export; // a stored session as a file for others, and back
pub mod compare_words; // a comparison in words
