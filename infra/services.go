package main

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awselasticloadbalancingv2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsservicediscovery"
	"github.com/aws/jsii-runtime-go"
)

// service is one target of the medicore binary as it runs on Fargate.
type service struct {
	name     string
	port     float64
	grpc     float64 // 0: none
	cpu, mem float64 // CPU units, MiB
	database bool
	kafka    bool
}

var services = []service{
	{name: "auth", port: 8085, cpu: 512, mem: 1024, database: true},
	{name: "billing", port: 8082, grpc: 9001, cpu: 256, mem: 512, database: true},
	{name: "profiles", port: 8081, cpu: 512, mem: 1024, database: true, kafka: true},
	{name: "analytics", port: 8083, cpu: 256, mem: 512, database: true, kafka: true},
	{name: "gateway", port: 8084, cpu: 512, mem: 1024},
}

// newServices declares the cluster, a task and a service for each target, and the load balancer before the gateway.
// Services find each other by Service Connect under their own names, as in docker-compose.yml.
func newServices(stack awscdk.Stack, vpc awsec2.Vpc, opt Options) {
	image := awscdk.NewCfnParameter(stack, jsii.String("Image"), &awscdk.CfnParameterProps{
		Type: jsii.String("String"), Description: jsii.String("Image of the medicore binary, with its digest or tag"),
	})
	brokers := awscdk.NewCfnParameter(stack, jsii.String("KafkaBrokers"), &awscdk.CfnParameterProps{
		Type: jsii.String("String"), Description: jsii.String("host:port of the Kafka brokers, separated by commas"),
	})
	certificate := awscdk.NewCfnParameter(stack, jsii.String("Certificate"), &awscdk.CfnParameterProps{
		Type: jsii.String("String"), Description: jsii.String("ARN of the certificate that clients see"),
	})
	cluster := awsecs.NewCluster(stack, jsii.String("Cluster"), &awsecs.ClusterProps{
		Vpc: vpc, ContainerInsightsV2: awsecs.ContainerInsights_ENABLED,
		DefaultCloudMapNamespace: &awsecs.CloudMapNamespaceOptions{Name: jsii.String("medicore"), Type: awsservicediscovery.NamespaceType_HTTP, UseForServiceConnect: jsii.Bool(true)},
	})
	inside := awsec2.NewSecurityGroup(stack, jsii.String("Inside"), &awsec2.SecurityGroupProps{
		Vpc: vpc, Description: jsii.String("The services among themselves"),
	})
	logs := awslogs.NewLogGroup(stack, jsii.String("Logs"), &awslogs.LogGroupProps{Retention: awslogs.RetentionDays_ONE_YEAR})
	jwt := awssecretsmanager.Secret_FromSecretNameV2(stack, jsii.String("Jwt"), jsii.String("medicore/jwt"))

	running := map[string]awsecs.FargateService{}
	for _, s := range services {
		inside.AddIngressRule(inside, awsec2.Port_Tcp(&s.port), jsii.String(s.name), nil)
		if s.grpc != 0 {
			inside.AddIngressRule(inside, awsec2.Port_Tcp(&s.grpc), jsii.String(s.name+" gRPC"), nil)
		}
		task := awsecs.NewFargateTaskDefinition(stack, jsii.String(title(s.name)+"Task"), &awsecs.FargateTaskDefinitionProps{
			Cpu: &s.cpu, MemoryLimitMiB: &s.mem,
			RuntimePlatform: &awsecs.RuntimePlatform{CpuArchitecture: awsecs.CpuArchitecture_X86_64(), OperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX()},
		})
		secrets := map[string]awsecs.Secret{"JWT_SECRET": awsecs.Secret_FromSecretsManager(jwt, nil)}
		if s.database {
			db := awssecretsmanager.Secret_FromSecretNameV2(stack, jsii.String(title(s.name)+"Database"), jsii.String("medicore/database/"+s.name))
			secrets["MEDICORE_"+strings.ToUpper(s.name)+"_DATABASE_URL"] = awsecs.Secret_FromSecretsManager(db, nil)
		}
		task.AddContainer(jsii.String(s.name), &awsecs.ContainerDefinitionOptions{
			Image:                  awsecs.ContainerImage_FromRegistry(image.ValueAsString(), nil),
			Command:                jsii.Strings("serve"),
			Environment:            environment(s, *brokers.ValueAsString()),
			Secrets:                &secrets,
			PortMappings:           ports(s),
			ReadonlyRootFilesystem: jsii.Bool(true),
			StopTimeout:            awscdk.Duration_Seconds(jsii.Number(30)),
			Logging:                awsecs.LogDriver_AwsLogs(&awsecs.AwsLogDriverProps{LogGroup: logs, StreamPrefix: jsii.String(s.name)}),
			HealthCheck: &awsecs.HealthCheck{
				Command:  jsii.Strings("CMD", "/medicore", "healthcheck", fmt.Sprintf("--url=http://127.0.0.1:%d/ready", int(s.port))),
				Interval: awscdk.Duration_Seconds(jsii.Number(10)), Retries: jsii.Number(3), StartPeriod: awscdk.Duration_Seconds(jsii.Number(30)),
			},
		})
		running[s.name] = awsecs.NewFargateService(stack, jsii.String(title(s.name)), &awsecs.FargateServiceProps{
			Cluster: cluster, TaskDefinition: task, DesiredCount: &opt.Tasks, SecurityGroups: &[]awsec2.ISecurityGroup{inside},
			MinHealthyPercent: jsii.Number(100), CircuitBreaker: &awsecs.DeploymentCircuitBreaker{Rollback: jsii.Bool(true)},
			ServiceConnectConfiguration: connect(s),
		})
	}

	balancer := awselasticloadbalancingv2.NewApplicationLoadBalancer(stack, jsii.String("Balancer"), &awselasticloadbalancingv2.ApplicationLoadBalancerProps{
		Vpc: vpc, InternetFacing: jsii.Bool(true), DropInvalidHeaderFields: jsii.Bool(true), IdleTimeout: awscdk.Duration_Minutes(jsii.Number(10)),
	})
	listener := balancer.AddListener(jsii.String("Https"), &awselasticloadbalancingv2.BaseApplicationListenerProps{
		Port: jsii.Number(443), Open: jsii.Bool(true), SslPolicy: awselasticloadbalancingv2.SslPolicy_RECOMMENDED_TLS,
		Certificates: &[]awselasticloadbalancingv2.IListenerCertificate{awselasticloadbalancingv2.ListenerCertificate_FromArn(certificate.ValueAsString())},
	})
	listener.AddTargets(jsii.String("Gateway"), &awselasticloadbalancingv2.AddApplicationTargetsProps{
		Port: jsii.Number(8084), Protocol: awselasticloadbalancingv2.ApplicationProtocol_HTTP,
		Targets:             &[]awselasticloadbalancingv2.IApplicationLoadBalancerTarget{running["gateway"]},
		HealthCheck:         &awselasticloadbalancingv2.HealthCheck{Path: jsii.String("/ready"), Interval: awscdk.Duration_Seconds(jsii.Number(10))},
		DeregistrationDelay: awscdk.Duration_Seconds(jsii.Number(30)),
	})
	awscdk.NewCfnOutput(stack, jsii.String("Url"), &awscdk.CfnOutputProps{Value: jsii.String("https://" + *balancer.LoadBalancerDnsName())})
}

// environment is how the task is configured: all names as in docs/config.md.
func environment(s service, brokers string) *map[string]*string {
	env := map[string]*string{
		"MEDICORE_TARGET": jsii.String(s.name), "MEDICORE_PRODUCTION": jsii.String("true"), "MEDICORE_LOG_FORMAT": jsii.String("json"),
		"MEDICORE_DATA": jsii.String("/tmp"),
		"MEDICORE_LISTEN_" + strings.ToUpper(s.name): jsii.String(fmt.Sprintf("0.0.0.0:%d", int(s.port))),
	}
	if s.grpc != 0 {
		env["MEDICORE_LISTEN_BILLING_GRPC"] = jsii.String(fmt.Sprintf("0.0.0.0:%d", int(s.grpc)))
	}
	if s.kafka {
		env["MEDICORE_KAFKA_BROKERS"] = &brokers
	}
	if s.name == "auth" || s.name == "gateway" { // they are told who the client is by what stands before them in the VPC
		env["MEDICORE_"+strings.ToUpper(s.name)+"_TRUSTED_PROXIES"] = jsii.String(vpcCIDR)
	}
	for _, other := range services {
		if other.name != "gateway" {
			env["MEDICORE_SERVICES_"+strings.ToUpper(other.name)] = jsii.String(fmt.Sprintf("http://%s:%d", other.name, int(other.port)))
		}
	}
	env["MEDICORE_SERVICES_BILLING_GRPC"] = jsii.String("billing-grpc:9001")
	return &env
}

func ports(s service) *[]*awsecs.PortMapping {
	out := []*awsecs.PortMapping{{Name: jsii.String("http"), ContainerPort: &s.port}}
	if s.grpc != 0 {
		out = append(out, &awsecs.PortMapping{Name: jsii.String("grpc"), ContainerPort: &s.grpc})
	}
	return &out
}

func connect(s service) *awsecs.ServiceConnectProps {
	out := []*awsecs.ServiceConnectService{{PortMappingName: jsii.String("http"), DnsName: jsii.String(s.name), Port: &s.port}}
	if s.grpc != 0 {
		out = append(out, &awsecs.ServiceConnectService{PortMappingName: jsii.String("grpc"), DnsName: jsii.String(s.name + "-grpc"), DiscoveryName: jsii.String(s.name + "-grpc"), Port: &s.grpc})
	}
	return &awsecs.ServiceConnectProps{Services: &out}
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
