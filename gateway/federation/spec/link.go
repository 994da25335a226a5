package spec

var linkElements = []element{
	{v(1, 0), "directive @link(url: String, as: String, for: Purpose, import: [Import]) repeatable on SCHEMA"},
	{v(1, 0), "scalar Import"},
	{v(1, 0), `enum Purpose {
  """
  ` + "`SECURITY`" + ` features provide metadata necessary to securely resolve fields.
  """
  SECURITY

  """
  ` + "`EXECUTION`" + ` features provide metadata necessary for operation execution.
  """
  EXECUTION
}`},
}

var coreElements = []element{
	{v(0, 1), "directive @core(feature: String!, as: String) repeatable on SCHEMA"},
	{v(0, 2), "directive @core(feature: String!, as: String, for: Purpose) repeatable on SCHEMA"},
	{v(0, 2), "enum Purpose { SECURITY EXECUTION }"},
}
