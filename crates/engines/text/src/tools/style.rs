//! How families of models write calls: a row each.

/// How a family of models writes calls of tools.
#[derive(Debug, PartialEq, Eq)]
pub struct ToolStyle {
    /// What people call it.
    pub name: &'static str,
    /// What stands in a chat template that teaches this style; each text must.
    taught_by: &'static [&'static str],
    /// Texts that begin a call; the first is the usual one.
    pub(super) opens: &'static [&'static str],
    /// What ends it, where the style has something.
    pub(super) close: Option<&'static str>,
    /// White space that models put between markers and JSON.
    pub(super) gap: &'static str,
    /// Whether an opening text means a call without a doubt. Where it does not, JSON that names
    /// none of the tools is text.
    pub(super) sure: bool,
    /// Whether an answer may also be nothing but the JSON of a call.
    pub(super) bare: bool,
    /// Whether calls are written as an array even where there is one only.
    pub(super) list: bool,
    /// What the model calls the arguments.
    pub(crate) arguments: &'static str,
}

/// The styles, the more telling ones first.
static STYLES: [ToolStyle; 5] = [
    // Phi-4 mini, Granite 3.
    ToolStyle {
        name: "phi",
        taught_by: &["<|tool_call|>"],
        opens: &["<|tool_call|>"],
        close: Some("<|/tool_call|>"),
        gap: "",
        sure: true,
        bare: false,
        list: true,
        arguments: "arguments",
    },
    // Hermes 2, Qwen 2.5 and 3, SmolLM3 and many more.
    ToolStyle {
        name: "hermes",
        taught_by: &["<tool_call>"],
        opens: &["<tool_call>"],
        close: Some("</tool_call>"),
        gap: "\n",
        sure: true,
        bare: false,
        list: false,
        arguments: "arguments",
    },
    // Mistral 7B v0.3, Nemo, Small.
    ToolStyle {
        name: "mistral",
        taught_by: &["[TOOL_CALLS]"],
        opens: &["[TOOL_CALLS]"],
        close: None,
        gap: "",
        sure: true,
        bare: false,
        list: true,
        arguments: "arguments",
    },
    // Llama 3.1 to 3.3.
    ToolStyle {
        name: "llama3",
        taught_by: &["<|start_header_id|>", "parameters"],
        opens: &["<|python_tag|>"],
        close: None,
        gap: "",
        sure: false,
        bare: true,
        list: false,
        arguments: "parameters",
    },
    // Templates that show the tools and leave the form to the model.
    ToolStyle {
        name: "json",
        taught_by: &[],
        opens: &["```json"],
        close: Some("```"),
        gap: "\n",
        sure: false,
        bare: true,
        list: false,
        arguments: "arguments",
    },
];

impl ToolStyle {
    /// The style that a chat template teaches; plain JSON where it teaches none that is known.
    pub fn of_template(template: &str) -> &'static Self {
        let [.., plain] = &STYLES;
        STYLES
            .iter()
            .find(|style| style.taught_by.iter().all(|text| template.contains(text)))
            .unwrap_or(plain)
    }

    /// The style of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        STYLES.iter().find(|style| style.name == name)
    }

    /// A call as the model would write it.
    pub fn written(&self, call: &serde_json::Value) -> String {
        let call = if self.list {
            format!("[{call}]")
        } else {
            call.to_string()
        };
        match self.opens.first().filter(|_| !self.bare) {
            Some(open) => format!("{open}{0}{call}{0}{1}", self.gap, self.close.unwrap_or_default()),
            None => call,
        }
    }

    /// Whether a control token of this name is a part of a call, so that its name is to be read as
    /// text.
    pub fn is_marker(&self, control: &[u8]) -> bool {
        let markers = self.opens.iter().chain(&self.close).copied();
        // `[ARGS]` stands between name and arguments in the newer Mistral models.
        markers
            .chain(["[ARGS]"])
            .any(|marker| marker.as_bytes() == control)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str) -> &'static str {
        ToolStyle::of_template(template).name
    }

    #[test]
    fn the_style_is_that_of_the_template() {
        assert_eq!(check("…within <tool_call></tool_call> XML tags"), "hermes");
        assert_eq!(check("{{ '[TOOL_CALLS] [' }}"), "mistral");
        assert_eq!(
            check("<|start_header_id|> {\"name\": …, \"parameters\": …}"),
            "llama3"
        );
        assert_eq!(check("<|tool_call|>[]"), "phi");
        assert_eq!(check("{{ tools | tojson }}"), "json");
    }

    #[test]
    fn only_its_own_control_tokens_are_part_of_a_style() {
        let mistral = ToolStyle::named("mistral").unwrap();
        assert!(mistral.is_marker(b"[TOOL_CALLS]"));
        assert!(mistral.is_marker(b"[ARGS]"));
        assert!(!mistral.is_marker(b"</s>"));
        assert!(ToolStyle::named("llama3").unwrap().is_marker(b"<|python_tag|>"));
    }
}
