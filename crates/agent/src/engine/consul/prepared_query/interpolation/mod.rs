//! Texts with `${…}` in them: HashiCorp's interpolation language, as far as templates of prepared
//! queries have anything to say in it: variables, `match(N)`, numbers, strings and arithmetic.

mod evaluate;
mod parse;

pub(super) use evaluate::Variables;

/// How deep strings, calls and parentheses may nest.
const MAX_DEPTH: usize = 32;

/// A text that is ready to be rendered.
#[derive(Debug, PartialEq)]
pub(super) struct Text(Vec<Piece>);

#[derive(Debug, PartialEq)]
enum Piece {
    Literal(String),
    Expression(Expression),
}

#[derive(Debug, PartialEq)]
enum Expression {
    Int(i64),
    Float(f64),
    Text(Text),
    Variable(Place, String),
    Call(Place, String, Vec<Expression>),
    /// Operations on the first, from left to right: none binds closer than another.
    Arithmetic(Box<Expression>, Vec<(Operator, Expression)>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Line and column, as the real server counts them.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place(usize, usize);

impl Text {
    /// Reads a text, or says in the real server's words that it can't be.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        parse::parse(text).ok_or("parse error: syntax error")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> Result<String, String> {
        let variables = Variables {
            full: "p-1-x",
            prefix: "p-",
            suffix: "1-x",
            groups: vec!["p-1-x", "1", "x"],
        };
        Text::parse(text)?.render(&variables)
    }

    // What Consul 1.8.7 made of the same texts.
    #[test]
    fn texts_are_rendered_as_on_the_real_server() {
        for (text, rendered) in [
            ("a", "a"),
            ("${name.full}", "p-1-x"),
            ("$${name.full}", "${name.full}"),
            ("$name", "$name"),
            ("${ name.full }", "p-1-x"),
            ("${match(1)}", "1"),
            ("${match( 1 )}", "1"),
            ("${match (1)}", "1"),
            ("${match(0)}", "p-1-x"),
            ("${match(-1)}", ""),
            ("${match(1+1)}", "x"),
            ("${match(9)}", ""),
            ("${match(1.9)}", "1"),
            ("${match(match(1))}", "1"),
            ("${1}", "1"),
            ("${1.5}", "1.5"),
            ("${\"x\"}", "x"),
            ("${\"a${name.full}b\"}", "ap-1-xb"),
            (r#"${"a\"b"}"#, "a\"b"),
            (r#"${"a\nb"}"#, "a\nb"),
            (r#"${"\q"}"#, r"\q"),
            ("${match(1)}${match(2)}", "1x"),
            ("}", "}"),
            ("{}", "{}"),
            ("a$", "a$"),
            ("$$", "$"),
            ("$$$${x}", "$${x}"),
            ("${1 - 1}", "0"),
            ("${6/4}", "1"),
            ("${5%2}", "1"),
            ("${1+2*3}", "9"),
            ("${(1+2)*3}", "9"),
            ("${2-3-4}", "-5"),
            ("${-1}", "-1"),
            ("${1.5+1}", "2.5"),
            ("${1+1.5}", "2"),
            ("${agent.segment}", ""),
            ("${name.suffix}-${name.prefix}", "1-x-p-"),
            ("x${1}${2}", "x12"),
        ] {
            assert_eq!(render(text), Ok(rendered.into()), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_the_real_servers_words() {
        for text in [
            "${'x'}",
            "${}",
            "${ }",
            "${name.full}${",
            "${a b}",
            "${1 2}",
            "${match(1)",
            "${name.full",
            "${\"unterminated}",
            "${name.full == 1}",
            "${true ? 1 : 2}",
            "${!true}",
            "${match(99999999999999999999)}",
            "${[1]}",
        ] {
            assert_eq!(
                render(text),
                Err("parse error: syntax error".into()),
                "{text}"
            );
        }
        for (text, error) in [
            ("${true}", "1:3: unknown variable accessed: true"),
            ("${name}", "1:3: unknown variable accessed: name"),
            ("${NAME.FULL}", "1:3: unknown variable accessed: NAME.FULL"),
            ("${name.*}", "1:3: unknown variable accessed: name.*"),
            ("${a-b}", "1:3: unknown variable accessed: a-b"),
            ("${match(true)}", "1:9: unknown variable accessed: true"),
            ("x\n${bogus}", "2:4: unknown variable accessed: bogus"),
            ("é${bogus}", "1:4: unknown variable accessed: bogus"),
            ("${\"${bogus}\"}", "1:6: unknown variable accessed: bogus"),
            ("${match()}", "1:3: match: expected 1 arguments, got 0"),
            ("${match(1,2)}", "1:3: match: expected 1 arguments, got 2"),
            ("${foo()}", "1:3: unknown function called: foo"),
            (
                "${match(\"x\")}",
                "__builtin_StringToInt: strconv.ParseInt: parsing \"x\": invalid syntax",
            ),
            (
                "${name.prefix + 1}",
                "__builtin_StringToInt: strconv.ParseInt: parsing \"p-\": invalid syntax",
            ),
        ] {
            assert_eq!(render(text), Err(error.into()), "{text}");
        }
    }

    // On these the real server ends itself.
    #[test]
    fn what_kills_the_real_server_is_an_error_or_has_a_value() {
        assert_eq!(render("${1/0}"), Err("divide by zero".into()));
        assert_eq!(render("${1%0}"), Err("divide by zero".into()));
        assert_eq!(render("${match(\"1\")}"), Ok("1".into()));
        assert_eq!(render("${\"1\"+1}"), Ok("2".into()));
        assert!(render(&"${(".repeat(20_000)).is_err());
        assert!(render(&"${\"".repeat(20_000)).is_err());
        assert!(render(&format!("${{{}1}}", "(".repeat(20_000))).is_err());
        assert!(render(&format!("${{{}1}}", "-".repeat(20_000))).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in r#"[${}()".a-c0-9+*/%,\\ -]{0,40}"#) {
            let _ = render(&text);
        }
    }
}
