//! The macro that keeps a key's documentation, type and default together.

/// One key of a section.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub doc: &'static str,
}

/// One table of the file; `path` is `[intake]` for a list of tables.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    pub path: &'static str,
    pub doc: &'static str,
    pub keys: &'static [Key],
}

/// Makes the struct of a section, its defaults and its documentation from one list.
macro_rules! section {
    ($(#[doc = $sdoc:literal])* $name:ident, $path:literal {
        $( $(#[doc = $doc:literal])* $key:ident : $ty:ty = $default:expr ; )*
    }) => {
        $(#[doc = $sdoc])*
        #[derive(Debug, Clone, Deserialize, Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $( $(#[doc = $doc])* pub $key: $ty, )* }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $key: $default, )* }
            }
        }

        impl $name {
            /// Documentation of this section's keys.
            pub const SECTION: Section = Section {
                path: $path,
                doc: concat!($($sdoc),*),
                keys: &[ $( Key { name: stringify!($key), doc: concat!($($doc),*) }, )* ],
            };
        }
    };
}
pub(super) use section;
