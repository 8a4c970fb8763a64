//! The verbs and their flags, as one table.

/// A command of kubectl's.
#[derive(Debug)]
pub struct Verb {
    /// `rollout status`
    pub path: &'static str,
    /// Its arguments, as the usage line writes them.
    pub usage: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
    /// An example.
    pub example: &'static str,
    /// Words as in [`Flag`], and names of groups of them.
    flags: &'static str,
    /// Whether this program does it.
    pub simulated: bool,
}

/// A flag of a verb.
///
/// The table writes `s/long` for a switch with a short name, `long=` for a flag that takes a value, `long?value` for one
/// that means that value when it stands alone, and `-` before one that this program does not follow.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    pub short: Option<char>,
    pub name: &'static str,
    /// What the flag means when it is given without a value; `None` if it needs one.
    pub alone: Option<&'static str>,
    pub simulated: bool,
}

impl Flag {
    fn parse(word: &'static str) -> Flag {
        let (simulated, word) = match word.strip_prefix('-') {
            Some(word) => (false, word),
            None => (true, word),
        };
        let (short, word) = match word.split_once('/') {
            Some((short, word)) => (short.chars().next(), word),
            None => (None, word),
        };
        let (name, alone) = match (word.strip_suffix('='), word.split_once('?')) {
            (Some(name), _) => (name, None),
            (None, Some((name, alone))) => (name, Some(alone)),
            (None, None) => (word, Some("true")),
        };
        Flag { short, name, alone, simulated }
    }
}

/// Flags that every command has.
const GLOBAL: &str = "n/namespace= h/help v/v= context= cluster= user= kubeconfig= s/server= request-timeout= \
                      warnings-as-errors -as= -as-group= -token=";
/// Groups of flags that many commands have.
const GROUPS: [(&str, &str); 6] = [
    ("@print", "o/output= template= show-managed-fields allow-missing-template-keys"),
    ("@dry", "dry-run?unchanged field-manager="),
    ("@files", "f/filename= R/recursive -k/kustomize="),
    ("@select", "l/selector= field-selector="),
    ("@all", "all A/all-namespaces"),
    ("@change", "@print @dry @files @select @all local record"),
];

impl Verb {
    fn words(list: &'static str) -> Vec<&'static str> {
        let expand = |word: &'static str| match GROUPS.iter().find(|(name, _)| *name == word) {
            Some((_, group)) => Verb::words(group),
            None => vec![word],
        };
        list.split_whitespace().flat_map(expand).collect()
    }

    /// Its own flags, without those that every command has.
    pub fn flags(&self) -> impl Iterator<Item = Flag> {
        Verb::words(self.flags).into_iter().map(Flag::parse)
    }

    fn all_flags(&self) -> impl Iterator<Item = Flag> {
        self.flags().chain(GLOBAL.split_whitespace().map(Flag::parse))
    }

    pub fn flag(&self, name: &str) -> Option<Flag> {
        self.all_flags().find(|flag| flag.name == name)
    }

    pub fn short_flag(&self, letter: char) -> Option<Flag> {
        self.all_flags().find(|flag| flag.short == Some(letter))
    }

    /// The sub-commands.
    pub fn children(&self) -> impl Iterator<Item = &'static Verb> {
        let path = self.path;
        VERBS.iter().filter(move |verb| verb.path.split_once(' ').is_some_and(|(parent, _)| parent == path))
    }

    pub fn has_children(&self) -> bool {
        self.children().next().is_some()
    }
}

pub fn find(path: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.path == path)
}

/// The verbs that this program does, without their sub-commands.
pub fn top() -> impl Iterator<Item = &'static Verb> {
    VERBS.iter().filter(|verb| verb.simulated && !verb.path.contains(' '))
}

/// The verbs and sub-commands that this program does.
pub fn paths() -> impl Iterator<Item = &'static str> {
    VERBS.iter().filter(|verb| verb.simulated).map(|verb| verb.path)
}

/// Every name that kubectl knows as a command.
pub fn all_names() -> impl Iterator<Item = &'static str> {
    VERBS.iter().map(|verb| verb.path).filter(|path| !path.contains(' '))
}

const fn verb(
    path: &'static str,
    usage: &'static str,
    about: &'static str,
    example: &'static str,
    flags: &'static str,
) -> Verb {
    Verb { path, usage, about, example, flags, simulated: true }
}

/// A command of kubectl's that is about parts which are not simulated.
const fn other(path: &'static str) -> Verb {
    Verb { path, usage: "", about: "", example: "", flags: "", simulated: false }
}

/// In the order of the alphabet, as kubectl suggests them.
static VERBS: &[Verb] = &[
    verb(
        "annotate",
        "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
        "Update the annotations on a resource",
        "kubectl annotate ds/nginx kubernetes.io/change-cause='image 1.17'",
        "@change overwrite list resource-version=",
    ),
    other("api-resources"),
    other("api-versions"),
    verb(
        "apply",
        "(-f FILENAME | -k DIRECTORY)",
        "Apply a configuration to a resource by file name or stdin",
        "kubectl apply -f -",
        "@print @dry @files l/selector= validate?strict overwrite force wait timeout= cascade?background grace-period= \
         -prune -server-side -force-conflicts -all openapi-patch record",
    ),
    other("apply edit-last-applied"),
    other("apply set-last-applied"),
    verb(
        "apply view-last-applied",
        "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
        "View the latest last-applied-configuration annotations of a resource/object",
        "kubectl apply view-last-applied ds/nginx",
        "@files l/selector= all o/output=",
    ),
    other("attach"),
    other("auth"),
    other("autoscale"),
    other("certificate"),
    other("cluster-info"),
    other("completion"),
    other("config"),
    verb("cordon", "NODE", "Mark node as unschedulable", "kubectl cordon worker-1", "l/selector= dry-run?unchanged"),
    other("cp"),
    verb(
        "create",
        "-f FILENAME",
        "Create a resource from a file or from stdin",
        "kubectl create -f -",
        "@print @dry @files l/selector= validate?strict save-config record -edit -raw=",
    ),
    other("create clusterrole"),
    other("create clusterrolebinding"),
    other("create configmap"),
    other("create cronjob"),
    other("create deployment"),
    other("create ingress"),
    other("create job"),
    verb(
        "create namespace",
        "NAME [--dry-run=server|client|none]",
        "Create a namespace with the specified name",
        "kubectl create namespace shop",
        "@print @dry save-config validate?strict",
    ),
    verb(
        "create ns",
        "NAME",
        "Create a namespace",
        "kubectl create ns shop",
        "@print @dry save-config validate?strict",
    ),
    verb(
        "create priorityclass",
        "NAME --value=VALUE --global-default=BOOL",
        "Create a priority class with the specified name",
        "kubectl create priorityclass high --value=1000",
        "@print @dry value= global-default description= preemption-policy= save-config validate?strict",
    ),
    other("create poddisruptionbudget"),
    verb(
        "create quota",
        "NAME [--hard=key1=value1,key2=value2]",
        "Create a quota with the specified name",
        "kubectl create quota few --hard=pods=2",
        "@print @dry hard= -scopes= save-config validate?strict",
    ),
    other("create role"),
    other("create rolebinding"),
    other("create secret"),
    other("create service"),
    other("create serviceaccount"),
    other("create token"),
    other("debug"),
    verb(
        "delete",
        "([-f FILENAME] | TYPE [(NAME | -l label | --all)])",
        "Delete resources by file names, stdin, resources and names, or by resources and label selector",
        "kubectl delete pod -l app=nginx",
        "o/output= @dry @files @select @all cascade?background force grace-period= now ignore-not-found wait timeout= \
         -i/interactive -raw=",
    ),
    verb(
        "describe",
        "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
        "Show details of a specific resource or group of resources",
        "kubectl describe ds nginx",
        "@files l/selector= A/all-namespaces show-events?true chunk-size=",
    ),
    verb(
        "diff",
        "-f FILENAME",
        "Diff the live version against a would-be applied version",
        "kubectl diff -f -",
        "@files l/selector= field-manager= concurrency= -server-side -prune show-managed-fields",
    ),
    verb(
        "drain",
        "NODE",
        "Drain node in preparation for maintenance",
        "kubectl drain worker-1 --ignore-daemonsets",
        "l/selector= dry-run?unchanged force ignore-daemonsets delete-emptydir-data grace-period= timeout= pod-selector= \
         disable-eviction chunk-size= skip-wait-for-delete-timeout=",
    ),
    verb(
        "edit",
        "(RESOURCE/NAME | -f FILENAME)",
        "Edit a resource on the server",
        "kubectl edit ds nginx",
        "@print @files validate?strict",
    ),
    verb(
        "events",
        "[(-o|--output=)json|yaml|name|...] [--for TYPE/NAME] [--watch] [--types=Normal,Warning]",
        "List events",
        "kubectl events --for ds/nginx",
        "@print for= types= w/watch A/all-namespaces no-headers chunk-size=",
    ),
    other("exec"),
    other("explain"),
    other("expose"),
    verb(
        "get",
        "[(-o|--output=)json|yaml|name|wide|custom-columns=...|jsonpath=...] (TYPE [NAME | -l label] | TYPE/NAME ...)",
        "Display one or many resources",
        "kubectl get pods -o wide",
        "@print @files @select A/all-namespaces L/label-columns= show-labels show-kind no-headers sort-by= w/watch \
         watch-only output-watch-events ignore-not-found chunk-size= server-print -raw= -subresource=",
    ),
    verb("help", "[command]", "Help about any command", "kubectl help get", ""),
    other("kuberc"),
    other("kustomize"),
    verb(
        "label",
        "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N",
        "Update the labels on a resource",
        "kubectl label node worker-1 disk=ssd",
        "@change overwrite list resource-version=",
    ),
    other("logs"),
    other("options"),
    verb(
        "patch",
        "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
        "Update fields of a resource",
        "kubectl patch ds nginx -p '{\"spec\":{\"minReadySeconds\":5}}'",
        "@print @dry @files p/patch= patch-file= type= local record subresource=",
    ),
    other("plugin"),
    other("port-forward"),
    other("proxy"),
    verb(
        "replace",
        "-f FILENAME",
        "Replace a resource by file name or stdin",
        "kubectl replace -f -",
        "@print @dry @files validate?strict save-config force cascade?background grace-period= wait timeout= -raw=",
    ),
    verb(
        "rollout",
        "SUBCOMMAND",
        "Manage the rollout of a resource",
        "kubectl rollout status ds/nginx",
        "@files l/selector=",
    ),
    verb(
        "rollout history",
        "(TYPE NAME | TYPE/NAME)",
        "View rollout history",
        "kubectl rollout history ds/nginx --revision=1",
        "@print @files l/selector= revision=",
    ),
    verb(
        "rollout pause",
        "RESOURCE",
        "Mark the provided resource as paused",
        "kubectl rollout pause ds/nginx",
        "@print @files l/selector= field-manager=",
    ),
    verb(
        "rollout restart",
        "RESOURCE",
        "Restart a resource",
        "kubectl rollout restart ds/nginx",
        "@print @files l/selector= field-manager=",
    ),
    verb(
        "rollout resume",
        "RESOURCE",
        "Resume a paused resource",
        "kubectl rollout resume ds/nginx",
        "@print @files l/selector= field-manager=",
    ),
    verb(
        "rollout status",
        "(TYPE NAME | TYPE/NAME)",
        "Show the status of the rollout",
        "kubectl rollout status ds/nginx",
        "@files l/selector= w/watch timeout= revision=",
    ),
    verb(
        "rollout undo",
        "(TYPE NAME | TYPE/NAME)",
        "Undo a previous rollout",
        "kubectl rollout undo ds/nginx --to-revision=1",
        "@print @files l/selector= dry-run?unchanged to-revision=",
    ),
    verb(
        "run",
        "NAME --image=image",
        "Run a particular image on the cluster",
        "kubectl run x --image=nginx:1.16",
        "@print @dry image= l/labels= port= restart= env= save-config command image-pull-policy= annotations= -overrides= \
         -i/stdin -t/tty -rm -attach -expose wait q/quiet",
    ),
    verb(
        "scale",
        "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
        "Set a new size for a resource that has replicas; a DaemonSet has none",
        "kubectl scale ds/nginx --replicas=3",
        "@print @dry @files l/selector= all replicas= current-replicas= resource-version= timeout= record",
    ),
    verb("set", "SUBCOMMAND", "Set specific features on objects", "kubectl set image ds/nginx nginx=nginx:1.17", ""),
    verb(
        "set env",
        "RESOURCE/NAME KEY_1=VAL_1 ... KEY_N=VAL_N",
        "Update environment variables on a pod template",
        "kubectl set env ds/nginx LOG=debug",
        "@change c/containers= -from= -keys= -prefix= e/env= overwrite list -resolve",
    ),
    verb(
        "set image",
        "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ...",
        "Update the image of a pod template",
        "kubectl set image ds/nginx nginx=nginx:1.17",
        "@change",
    ),
    verb(
        "set resources",
        "(-f FILENAME | TYPE NAME) ([--limits=LIMITS & --requests=REQUESTS]",
        "Update resource requests/limits on objects with pod templates",
        "kubectl set resources ds/nginx --limits=cpu=200m",
        "@change c/containers= limits= requests=",
    ),
    other("set selector"),
    other("set serviceaccount"),
    other("set subject"),
    verb(
        "taint",
        "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ... KEY_N=VAL_N:TAINT_EFFECT_N",
        "Update the taints on one or more nodes",
        "kubectl taint nodes worker-1 dedicated=gpu:NoSchedule",
        "@print @dry l/selector= all overwrite validate?strict",
    ),
    other("top"),
    verb("uncordon", "NODE", "Mark node as schedulable", "kubectl uncordon worker-1", "l/selector= dry-run?unchanged"),
    verb(
        "version",
        "[--client] [--output=json|yaml]",
        "Print the client and server version information",
        "kubectl version",
        "o/output= client",
    ),
    verb(
        "wait",
        "([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) --for=create|delete|condition=...|jsonpath=...",
        "Wait for a specific condition on one or many resources",
        "kubectl wait --for=condition=Ready pod -l app=nginx --timeout=60s",
        "@print @files @select @all for= timeout= local",
    ),
];
