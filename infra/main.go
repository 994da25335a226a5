// Command infra writes MediCore's CloudFormation templates to a folder (default cdk.out): go run . [FOLDER].
//
// It is a module of its own, so that the CDK and its Node runtime stay out of the platform's dependencies.
package main

import (
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	defer jsii.Close()
	out := "cdk.out"
	if len(os.Args) > 1 {
		out = os.Args[1]
	}
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: &out, AnalyticsReporting: jsii.Bool(false)})
	NewPlatform(app, "MediCore", Options{})
	app.Synth(nil)
}
