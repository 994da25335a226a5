package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
)

func TestPlatform(t *testing.T) {
	defer jsii.Close()
	app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(t.TempDir()), AnalyticsReporting: jsii.Bool(false)})
	template := assertions.Template_FromStack(NewPlatform(app, "MediCore", Options{}), nil)

	template.ResourceCountIs(jsii.String("AWS::EC2::VPC"), jsii.Number(1))
	template.ResourceCountIs(jsii.String("AWS::EC2::Subnet"), jsii.Number(6))
	template.ResourceCountIs(jsii.String("AWS::ECS::Service"), jsii.Number(5))
	template.ResourceCountIs(jsii.String("AWS::ECS::TaskDefinition"), jsii.Number(5))
	template.ResourceCountIs(jsii.String("AWS::ElasticLoadBalancingV2::LoadBalancer"), jsii.Number(1))
	for _, s := range services {
		template.HasResourceProperties(jsii.String("AWS::ECS::TaskDefinition"), map[string]any{
			"ContainerDefinitions": assertions.Match_ArrayWith(&[]any{assertions.Match_ObjectLike(&map[string]any{
				"Name":                   s.name,
				"ReadonlyRootFilesystem": true,
				"Environment":            assertions.Match_ArrayWith(&[]any{map[string]any{"Name": "MEDICORE_TARGET", "Value": s.name}}),
			})}),
		})
	}
	template.HasResourceProperties(jsii.String("AWS::ElasticLoadBalancingV2::Listener"), map[string]any{"Port": 443, "Protocol": "HTTPS"})

	text, err := json.Marshal(template.ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "password") {
		t.Error("the template holds a password")
	}
}
