using AutoGuard.Configuration;
using AutoGuard.Core.Features;
using AutoGuard.Worker;

namespace AutoGuard.Models;

/// <summary>
/// Has a running worker take up the model's file when it changes, between two batches. A file that is broken or gone is told
/// once, and the last good model stays. Looks at the content, not at times or notifications: those are unreliable on network
/// drives and with files that are swapped by a link.
/// </summary>
internal sealed partial class ModelWatch
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(2);

    private readonly EffectiveSettings _settings;
    private readonly DetectionWorker _worker;
    private readonly ILogger<ModelWatch> _logger;
    private readonly TimeProvider _time;
    private readonly string _path;
    private string _seen;
    private string _problem = "";
    private volatile string _fingerprint;

    /// <param name="settings">Names the file.</param>
    /// <param name="model">What the worker began with.</param>
    /// <param name="worker">Takes the model.</param>
    /// <param name="logger">Where changes and broken files are told.</param>
    /// <param name="time">The clock.</param>
    public ModelWatch(EffectiveSettings settings, DetectionModel model, DetectionWorker worker, ILogger<ModelWatch> logger, TimeProvider time)
    {
        (_settings, _worker, _logger, _time) = (settings, worker, logger, time);
        _path = settings.Values.Detection.Model;
        _seen = model.Digest;
        _fingerprint = settings.FingerprintWith(model.Digest);
        Log.Started(logger, model.Name, model.Digest, _path);
    }

    /// <summary>Fingerprint of the configuration with the model that is in use now.</summary>
    public string Fingerprint => _fingerprint;

    /// <summary>Looks at the file every few seconds until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using PeriodicTimer timer = new(Beat, _time);
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            await LookAsync(cancellation);
        }
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        try
        {
            byte[] bytes = ModelFile.ReadBytes(_path);
            string digest = ModelFile.DigestOf(bytes);
            if (digest == _seen && _problem.Length == 0)
            {
                return;
            }
            LoadedModel loaded = ModelFile.Parse(bytes);
            if (digest != _seen)
            {
                string fingerprint = _settings.FingerprintWith(digest);
                await _worker.AskAsync(
                    pipeline =>
                    {
                        pipeline.Adopt(loaded.Model, fingerprint);
                        return true;
                    },
                    cancellation);
                (_seen, _fingerprint) = (digest, fingerprint);
            }
            _problem = "";
            Log.Taken(_logger, loaded.Model.Name, digest, _path);
        }
        catch (ModelException error)
        {
            if (error.Message != _problem)
            {
                Log.Refused(_logger, _path, error.Message, _seen);
            }
            _problem = error.Message;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3601, Level = LogLevel.Information, Message = "Model {Name} ({Digest}) of {Path} is in use.")]
        public static partial void Started(ILogger logger, string name, string digest, string path);

        [LoggerMessage(EventId = 3602, Level = LogLevel.Information, Message = "Model {Name} ({Digest}) was taken up from {Path}.")]
        public static partial void Taken(ILogger logger, string name, string digest, string path);

        [LoggerMessage(EventId = 3603, Level = LogLevel.Error, Message = "Detection:Model: {Path} is no model that can be used: {Problem}. The last good one ({Digest}) stays in use.")]
        public static partial void Refused(ILogger logger, string path, string problem, string digest);
    }
}
