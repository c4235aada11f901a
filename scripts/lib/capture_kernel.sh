# The kernel that captures: where it lies and what its command line says. Sourced after common.sh.
# Loading it is scripts/load's, trying it scripts/commands/test's.

# kernel_file VERSION [ROOT]: its image, wherever the distribution puts it; SUSE's for arm64 is Image.
kernel_file() {
    local version=$1 root=${2-} file name
    for name in vmlinuz Image; do
        for file in "$root/boot/$name-$version" "$root/lib/modules/$version/$name" \
            "$root/usr/lib/modules/$version/$name"; do
            if [ -r "$file" ]; then
                printf '%s\n' "$file"
                return
            fi
        done
    done
    die "no vmlinuz or Image of kernel $version that can be read, in $root/boot or" \
        "$root/lib/modules/$version"
}

# capture_cmdline BOOTED ADDED: the console and the IOMMU settings of the command line of this boot,
# and what makes a kernel small and lets it start in the middle of another's work: nr_cpus=1 and no
# memory cgroups for size, reset_devices and irqpoll because the devices are as the panic left them,
# panic= so that a failure reboots. Without acpi_no_memhotplug it takes memory that was hot-added to
# the crashed kernel for its own, overwrites some and can read none of it.
capture_cmdline() {
    local booted=$1 added=$2 argument kept=()
    for argument in $booted; do
        case $argument in
            console=* | earlycon* | earlyprintk=* | iommu=* | intel_iommu=* | amd_iommu=*)
                kept+=("$argument") ;;
        esac
    done
    printf '%s\n' "${kept[*]} nr_cpus=1 reset_devices irqpoll cgroup_disable=memory" \
        "acpi_no_memhotplug numa=off transparent_hugepage=never panic=10 $added" | tr '\n' ' '
}
