# For Doxygen: a comment above a declaration describes it, and so does one behind a member. What is indented is an example.
s#^\( *\)//   #\1///       #
s#^\( *\)//\( \|$\)#\1///\2#
s#^\( *[^ /].*[;,{}]\) *// \(.*\)$#\1  ///< \2#
