//! Error answers as servers send them, each with the kind it must be told as; and how long they ask to wait.

use tackroom::adapters::model::classify::{error_in, excerpt, http};
use tackroom::adapters::model::retry_after::wait_ms;
use tackroom::domain::fault::FaultKind as K;
use tackroom::domain::time::Micros;

/// Server, status, body, kind.
const ROWS: &[(&str, u16, &str, K)] = &[
    (
        "OpenAI",
        401,
        r#"{"error":{"message":"Incorrect API key provided: sk-x***. You can find your API key at https://platform.openai.com/account/api-keys.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
        K::Auth,
    ),
    (
        "OpenAI",
        429,
        r#"{"error":{"message":"Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
        K::RateLimit,
    ),
    (
        "OpenAI",
        429,
        r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        K::Billing,
    ),
    (
        "OpenAI",
        400,
        r#"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages resulted in 150000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}"#,
        K::Overflow,
    ),
    (
        "OpenAI",
        404,
        r#"{"error":{"message":"The model `gpt-9` does not exist or you do not have access to it.","type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
        K::NotFound,
    ),
    (
        "OpenAI",
        400,
        r#"{"error":{"message":"An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'.","type":"invalid_request_error","param":"messages.[3].role","code":null}}"#,
        K::BadRequest,
    ),
    (
        "OpenAI",
        500,
        r#"{"error":{"message":"The server had an error while processing your request. Sorry about that!","type":"server_error","param":null,"code":null}}"#,
        K::Overloaded,
    ),
    (
        "OpenAI",
        503,
        r#"{"error":{"message":"The engine is currently overloaded, please try again later","type":"server_error","param":null,"code":null}}"#,
        K::Overloaded,
    ),
    (
        "OpenAI",
        403,
        r#"{"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported","param":null,"type":"request_forbidden"}}"#,
        K::Auth,
    ),
    (
        "OpenAI",
        400,
        r#"{"error":{"message":"max_tokens must be positive","type":"invalid_request_error","param":"max_tokens","code":"invalid_value"}}"#,
        K::BadRequest,
    ),
    ("OpenAI", 500, r#"{"error":{"message":"failed to generate","type":"server_error"}}"#, K::Overloaded),
    (
        "OpenAI",
        400,
        r#"{"error":{"message":"keyword required","type":"invalid_request_error"}}"#,
        K::BadRequest,
    ),
    (
        "Azure",
        404,
        r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#,
        K::NotFound,
    ),
    (
        "Azure",
        401,
        r#"{"statusCode":401,"message":"Unauthorized. Access token is missing, invalid, audience is incorrect, or have expired."}"#,
        K::Auth,
    ),
    (
        "Azure",
        400,
        r#"{"error":{"message":"The response was filtered due to the prompt triggering Azure OpenAI's content management policy.","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
        K::Filtered,
    ),
    (
        "Azure",
        429,
        r#"{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation have exceeded call rate limit. Please retry after 10 seconds."}}"#,
        K::RateLimit,
    ),
    (
        "Anthropic",
        529,
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        K::Overloaded,
    ),
    (
        "Anthropic",
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}"#,
        K::Billing,
    ),
    (
        "Anthropic",
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}"#,
        K::Overflow,
    ),
    (
        "Anthropic",
        401,
        r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
        K::Auth,
    ),
    (
        "Anthropic",
        413,
        r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
        K::Overflow,
    ),
    (
        "Anthropic",
        429,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed the rate limit"}}"#,
        K::RateLimit,
    ),
    (
        "Anthropic",
        402,
        r#"{"type":"error","error":{"type":"billing_error","message":"Your account is past due."},"request_id":"req_1"}"#,
        K::Billing,
    ),
    (
        "Anthropic",
        403,
        r#"{"type":"error","error":{"type":"permission_error","message":"Your API key does not have permission to use the specified resource."}}"#,
        K::Auth,
    ),
    (
        "Anthropic",
        404,
        r#"{"type":"error","error":{"type":"not_found_error","message":"model: claude-9"}}"#,
        K::NotFound,
    ),
    (
        "Anthropic",
        500,
        r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#,
        K::Overloaded,
    ),
    (
        "Anthropic",
        504,
        r#"{"type":"error","error":{"type":"timeout_error","message":"The request timed out."}}"#,
        K::Timeout,
    ),
    (
        "Anthropic",
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages.2: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_01"}}"#,
        K::BadRequest,
    ),
    (
        "Anthropic",
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"messages: roles must alternate between \"user\" and \"assistant\""}}"#,
        K::BadRequest,
    ),
    (
        "Anthropic",
        400,
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` exceed context limit: 198000 + 32000 > 200000, decrease input length or `max_tokens` and try again"}}"#,
        K::Overflow,
    ),
    (
        "Anthropic",
        429,
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"Number of request tokens has exceeded your per-minute rate limit"}}"#,
        K::RateLimit,
    ),
    (
        "Anthropic",
        401,
        r#"{"type":"error","error":{"type":"authentication_error","message":"OAuth token has expired."}}"#,
        K::Auth,
    ),
    (
        "OpenAI Responses",
        404,
        r#"{"error":{"message":"The requested model 'gpt-9' does not exist.","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#,
        K::NotFound,
    ),
    (
        "OpenAI Responses",
        400,
        r#"{"error":{"message":"Your input exceeds the context window of this model.","type":"invalid_request_error","param":"input","code":"context_length_exceeded"}}"#,
        K::Overflow,
    ),
    (
        "OpenAI Responses",
        400,
        r#"{"error":{"message":"No tool output found for function call call_1.","type":"invalid_request_error","param":"input","code":null}}"#,
        K::BadRequest,
    ),
    (
        "Ollama",
        404,
        r#"{"error":{"message":"model \"qwen9\" not found, try pulling it first","type":"api_error","param":null,"code":null}}"#,
        K::NotFound,
    ),
    (
        "Ollama",
        400,
        r#"{"error":{"message":"registry.ollama.ai/library/gemma:2b does not support tools","type":"api_error","param":null,"code":null}}"#,
        K::BadRequest,
    ),
    (
        "Ollama",
        500,
        r#"{"error":{"message":"model runner has unexpectedly stopped","type":"api_error","param":null,"code":null}}"#,
        K::Overloaded,
    ),
    (
        "Ollama",
        503,
        r#"{"error":"server busy, please try again.  maximum pending requests exceeded"}"#,
        K::Overloaded,
    ),
    (
        "llama.cpp",
        400,
        r#"{"error":{"code":400,"message":"the request exceeds the available context size. try increasing the context size or enable context shift","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":4096}}"#,
        K::Overflow,
    ),
    (
        "llama.cpp",
        503,
        r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
        K::Overloaded,
    ),
    (
        "llama.cpp",
        401,
        r#"{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}"#,
        K::Auth,
    ),
    (
        "llama.cpp",
        500,
        r#"{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}"#,
        K::Overflow,
    ),
    (
        "llama.cpp",
        404,
        r#"{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}"#,
        K::NotFound,
    ),
    (
        "LM Studio",
        400,
        r#"{"error":"Trying to keep the first 5200 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens"}"#,
        K::Overflow,
    ),
    (
        "LM Studio",
        404,
        r#"{"error":{"message":"No models loaded. Please load a model in the developer page or use the 'lms load' command.","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#,
        K::NotFound,
    ),
    ("LM Studio", 200, r#"{"error":"Unexpected endpoint or method. (POST /chat/completions)"}"#, K::NotFound),
    (
        "vLLM",
        404,
        r#"{"object":"error","message":"The model `x` does not exist.","type":"NotFoundError","param":null,"code":404}"#,
        K::NotFound,
    ),
    (
        "vLLM",
        400,
        r#"{"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.","type":"BadRequestError","param":null,"code":400}}"#,
        K::Overflow,
    ),
    (
        "vLLM",
        422,
        r#"{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required","input":{}}]}"#,
        K::BadRequest,
    ),
    (
        "OpenRouter",
        402,
        r#"{"error":{"message":"This request requires more credits, or fewer max_tokens.","code":402}}"#,
        K::Billing,
    ),
    (
        "OpenRouter",
        400,
        r#"{"error":{"message":"foo/bar is not a valid model ID","code":400},"user_id":"u"}"#,
        K::NotFound,
    ),
    (
        "OpenRouter",
        403,
        r#"{"error":{"message":"Input flagged","code":403,"metadata":{"reasons":["violence"],"flagged_input":"…","provider_name":"OpenAI"}}}"#,
        K::Filtered,
    ),
    (
        "OpenRouter",
        502,
        r#"{"error":{"message":"Provider returned error","code":502,"metadata":{"raw":"upstream gone","provider_name":"X"}}}"#,
        K::Overloaded,
    ),
    (
        "OpenRouter",
        200,
        r#"{"error":{"message":"Rate limit exceeded: free-models-per-min.","code":429}}"#,
        K::RateLimit,
    ),
    (
        "DeepSeek",
        402,
        r#"{"error":{"message":"Insufficient Balance","type":"unknown_error","param":null,"code":"invalid_request_error"}}"#,
        K::Billing,
    ),
    (
        "DeepSeek",
        401,
        r#"{"error":{"message":"Authentication Fails, Your api key: ****f is invalid","type":"authentication_error","param":null,"code":"invalid_request_error"}}"#,
        K::Auth,
    ),
    (
        "DeepSeek",
        400,
        r#"{"error":{"message":"Missing `reasoning_content` field in the assistant message at message index 2","type":"invalid_request_error","param":null,"code":"invalid_request_error"}}"#,
        K::BadRequest,
    ),
    (
        "Groq",
        429,
        r#"{"error":{"message":"Rate limit reached for model `llama-3.3-70b-versatile`","type":"tokens","code":"rate_limit_exceeded"}}"#,
        K::RateLimit,
    ),
    (
        "Groq",
        413,
        r#"{"error":{"message":"Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 9000","type":"tokens","code":"rate_limit_exceeded"}}"#,
        K::Overflow,
    ),
    (
        "Groq",
        400,
        r#"{"error":{"message":"Failed to call a function. Please adjust your prompt.","type":"invalid_request_error","code":"tool_use_failed","failed_generation":"<function>"}}"#,
        K::BadRequest,
    ),
    (
        "Mistral",
        422,
        r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","x"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error","param":null,"code":null}"#,
        K::BadRequest,
    ),
    (
        "Mistral",
        400,
        r#"{"object":"error","message":"Invalid model: mistral-huge","type":"invalid_model","param":null,"code":"1500"}"#,
        K::NotFound,
    ),
    ("Mistral", 401, r#"{"detail":"Unauthorized"}"#, K::Auth),
    (
        "Mistral",
        429,
        r#"{"object":"error","message":"Service tier capacity exceeded for this model.","type":"service_tier_capacity_exceeded","param":null,"code":"3505"}"#,
        K::RateLimit,
    ),
    (
        "Gemini",
        429,
        r#"[{"error":{"code":429,"message":"You exceeded your current quota, please check your plan and billing details.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.5s"}]}}]"#,
        K::RateLimit,
    ),
    (
        "Gemini",
        400,
        r#"[{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}]"#,
        K::Auth,
    ),
    (
        "Gemini",
        400,
        r#"{"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#,
        K::Overflow,
    ),
    (
        "Gemini",
        503,
        r#"{"error":{"code":503,"message":"The model is overloaded. Please try again later.","status":"UNAVAILABLE"}}"#,
        K::Overloaded,
    ),
    ("proxy", 502, "<html><body><h1>502 Bad Gateway</h1></body></html>", K::Overloaded),
    ("proxy", 504, "<html>gateway time-out</html>", K::Timeout),
    ("proxy", 403, "<!DOCTYPE html><title>Just a moment...</title>", K::Auth),
    ("website", 404, "<!doctype html><p>not here", K::Malformed),
    ("website", 200, "\u{feff}\n <!doctype html>", K::Malformed),
    ("any", 405, r#"{"detail":"Method Not Allowed"}"#, K::NotFound),
    ("any", 408, "", K::Timeout),
    ("any", 418, "short and stout", K::BadRequest),
    ("any", 429, "", K::RateLimit),
    ("any", 599, "\u{0}\u{1b}[31m", K::Overloaded),
];

#[test]
fn error_answers_are_told_by_kind() {
    for (server, status, body, kind) in ROWS {
        let fault = http(*status, None, body.as_bytes());
        assert_eq!(fault.kind, *kind, "{server} {status}: {body}");
        assert_eq!(fault.status, Some(*status));
        assert!(!fault.message.chars().any(char::is_control), "{server}: {:?}", fault.message);
        assert!(fault.message.chars().count() < 700);
        // An error that comes with status 200 is told as the same wherever its body tells enough.
        if *status == 200 && !body.trim_start_matches('\u{feff}').trim().starts_with('<') {
            assert_eq!(error_in(&serde_json::from_str(body).unwrap()).unwrap().kind, *kind, "{body}");
        }
    }
    println!("error answers: {} rows, 0 told wrong", ROWS.len());
    assert!(http(404, None, b"<html>").message.contains("the server sent HTML, not JSON"));
    let gemini = ROWS.iter().find(|row| row.2.contains("retryDelay")).unwrap();
    assert_eq!(http(429, None, gemini.2.as_bytes()).retry_after_ms, Some(34_500));
    assert_eq!(http(429, Some(1), gemini.2.as_bytes()).retry_after_ms, Some(1));
    assert_eq!(error_in(&serde_json::json!({"error": null, "choices": []})), None);
    assert_eq!(excerpt("a\n\tb\u{7}c").as_str(), "a b·c");
}

#[test]
fn how_long_a_server_asks_to_wait() {
    let now = Micros(1_763_713_800_000_000); // Fri, 21 Nov 2025 08:30:00 GMT
    let date = "Fri, 21 Nov 2025 08:30:20 GMT";
    let rows: &[(Option<&str>, Option<&str>, Option<&str>, Option<u64>)] = &[
        (None, None, None, None),
        (None, Some("20"), None, Some(20_000)),
        (None, Some(" 0.5 "), None, Some(500)),
        (Some("1500"), Some("20"), None, Some(1_500)),
        (Some("1500.2"), None, None, Some(1_501)),
        (Some("soon"), Some("3"), None, Some(3_000)),
        (None, Some(date), None, Some(20_000)),
        (None, Some(date), Some("Fri, 21 Nov 2025 08:30:15 GMT"), Some(5_000)),
        (None, Some("Fri, 21 Nov 2025 08:29:00 GMT"), None, Some(0)),
        (None, Some("Sat, 22 Nov 2025 08:30:00 GMT"), None, Some(86_400_000)),
        (
            None,
            Some("Thu, 29 Feb 2024 12:00:00 GMT"),
            Some("Wed, 28 Feb 2024 12:00:00 GMT"),
            Some(86_400_000),
        ),
        (
            None,
            Some("Fri, 01 Mar 2024 00:00:00 GMT"),
            Some("Thu, 29 Feb 2024 00:00:00 GMT"),
            Some(86_400_000),
        ),
        (None, Some("-1"), None, None),
        (None, Some("NaN"), None, None),
        (None, Some("inf"), None, Some(31 * 86_400_000)),
        (None, Some("Fri, 99 Nov 2025 08:30:20 GMT"), None, None),
        (None, Some("Fri, 21 Nov 9999999999999 08:30:20 GMT"), None, None),
        (None, Some("tomorrow"), None, None),
    ];
    for (ms, after, date, wait) in rows {
        assert_eq!(wait_ms(*ms, *after, *date, now), *wait, "{ms:?} {after:?} {date:?}");
    }
}
