package command

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"medicore.dev/medicore/gateway/federation/operation"
	"medicore.dev/medicore/gateway/federation/plan"
	"medicore.dev/medicore/gateway/federation/supergraph"
)

// Plan prints the stages of planning.
func Plan() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan --supergraph FILE --operation FILE",
		Short: "Print how an operation is planned over a supergraph",
		Args:  cobra.NoArgs,
	}
	schema := cmd.Flags().String("supergraph", "supergraph.graphql", "supergraph SDL")
	file := cmd.Flags().String("operation", "", "file with the operation")
	name := cmd.Flags().String("operation-name", "", "which one, if the file holds several")
	variables := cmd.Flags().String("variables", "{}", "JSON object of the boolean variables that @skip, @include and @defer depend on")
	labels := cmd.Flags().StringSlice("labels", nil, "override labels that are on")
	stage := cmd.Flags().String("stage", "plan", "what to print: operation, reach, choose, groups or plan")
	asJSON := cmd.Flags().Bool("json", false, "print as JSON; the operation stays text")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		sdl, err := os.ReadFile(*schema)
		if err != nil {
			return fmt.Errorf("read the supergraph: %w", err)
		}
		text, err := os.ReadFile(*file)
		if err != nil {
			return fmt.Errorf("read the operation (--operation): %w", err)
		}
		sg, err := supergraph.Read(string(sdl))
		if err != nil {
			return fmt.Errorf("%s: %w", *schema, err)
		}
		doc, errs := gqlparser.LoadQueryWithRules(sg.API(), string(text), nil)
		if len(errs) > 0 {
			return fmt.Errorf("%s: %w", *file, errs)
		}
		prepared, err := operation.Prepare(sg.API(), doc, *name, operation.Limits{})
		if err != nil {
			return fmt.Errorf("%s: %w", *file, err)
		}
		var values map[string]any
		if err := json.Unmarshal([]byte(*variables), &values); err != nil {
			return fmt.Errorf("--variables: %w", err)
		}
		bits := map[string]bool{}
		for _, v := range prepared.Definition().VariableDefinitions {
			switch {
			case v.DefaultValue != nil && v.DefaultValue.Kind == ast.BooleanValue:
				bits[v.Variable] = v.DefaultValue.Raw == "true"
			case v.Type.NonNull: // it has to be given, where there is somebody who asks
				bits[v.Variable] = false
			}
		}
		for k, v := range values {
			bits[k], _ = v.(bool)
		}
		op, err := prepared.SpecialiseDeferred(bits, *labels...)
		if err != nil {
			return fmt.Errorf("%s: %w", *file, err)
		}
		if *stage == "operation" {
			cmd.Println(operation.Print(op))
			return nil
		}
		trace, err := plan.NewPlanner(sg).Trace(cmd.Context(), op)
		if printErr := printStage(cmd, trace, *stage, *asJSON); printErr != nil {
			return printErr
		}
		if err != nil {
			return fmt.Errorf("%s: %w", *file, err)
		}
		return nil
	}
	return cmd
}

// printStage prints one stage of planning as text or JSON. What could not be planned has the stages before the plan.
func printStage(cmd *cobra.Command, t *plan.Trace, stage string, asJSON bool) error {
	var data any
	var text string
	switch stage {
	case "reach":
		data, text = t.Reach, t.PrintReach()
	case "choose":
		data, text = map[string]any{"Choose": t.Choose, "Failed": t.Failed}, t.PrintChoose()
	case "groups":
		data, text = t.Groups, t.PrintGroups()
	case "plan":
		if t.Plan == nil {
			cmd.Print(t.PrintChoose())
			return nil
		}
		data, text = t.Plan, plan.Print(t.Plan)
	default:
		return fmt.Errorf("--stage %q: use operation, reach, choose, groups or plan", stage)
	}
	if !asJSON {
		cmd.Print(text)
		return nil
	}
	enc := json.NewEncoder(cmd.OutOrStdout())
	enc.SetIndent("", "  ")
	if err := enc.Encode(data); err != nil {
		return fmt.Errorf("print stage %s: %w", stage, err)
	}
	return nil
}
