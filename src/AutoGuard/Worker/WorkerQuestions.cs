using System.Collections.Concurrent;
using AutoGuard.Core.Pipeline;

namespace AutoGuard.Worker;

/// <summary>A question about the live state that was not answered.</summary>
/// <param name="message">Why, in a sentence.</param>
/// <param name="isRefused">Whether it was not even asked, because too many wait.</param>
/// <param name="inner">What went wrong.</param>
internal sealed class UnansweredException(string message, bool isRefused, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether to ask again later makes sense.</summary>
    public bool IsRefused { get; } = isRefused;
}

/// <summary>
/// Questions that wait to be answered on the detection thread. Whatever becomes of one, detection goes on: its exception is
/// its asker's, who gave up costs nothing more, and of those that operators ask only so many wait.
/// </summary>
internal sealed partial class WorkerQuestions(ILogger logger)
{
    /// <summary>Questions of operators that may wait at once.</summary>
    public const int MostOfOperators = 64;

    private readonly ConcurrentQueue<Question> _waiting = new();
    private int _ofOperators;
    private volatile bool _hasEnded;

    /// <summary>Asks for a part of the program.</summary>
    /// <exception cref="OperationCanceledException">Detection has ended, or the question was given up.</exception>
    /// <exception cref="UnansweredException">Answering it failed.</exception>
    public Task<T> AskAsync<T>(Func<DetectionPipeline, T> ask, CancellationToken cancellation) => AskAsync(ask, isOperators: false, cancellation);

    /// <summary>Asks for an operator.</summary>
    /// <exception cref="OperationCanceledException">Detection has ended, or the question was given up.</exception>
    /// <exception cref="UnansweredException">Too many wait, or answering it failed.</exception>
    public Task<T> AskForOperatorAsync<T>(Func<DetectionPipeline, T> ask, CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref _ofOperators) > MostOfOperators)
        {
            Interlocked.Decrement(ref _ofOperators);
            throw new UnansweredException("Too many questions wait for an answer; try again later.", isRefused: true);
        }
        return AskAsync(ask, isOperators: true, cancellation);
    }

    /// <summary>Answers all that wait; never throws.</summary>
    public void Answer(DetectionPipeline pipeline)
    {
        while (TryTake(out Question question))
        {
            question.Answer(pipeline);
        }
    }

    /// <summary>Gives up all that wait and all that come.</summary>
    public void End()
    {
        _hasEnded = true;
        while (TryTake(out Question question))
        {
            question.GiveUp();
        }
    }

    private Task<T> AskAsync<T>(Func<DetectionPipeline, T> ask, bool isOperators, CancellationToken cancellation)
    {
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue(new Question(pipeline => Answer(pipeline, ask, answer, cancellation), () => answer.TrySetCanceled(CancellationToken.None), isOperators));
        if (_hasEnded)
        {
            End();
        }
        return answer.Task.WaitAsync(cancellation);
    }

    private void Answer<T>(DetectionPipeline pipeline, Func<DetectionPipeline, T> ask, TaskCompletionSource<T> answer, CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
        {
            answer.TrySetCanceled(cancellation);
            return;
        }
        try
        {
            answer.TrySetResult(ask(pipeline));
        }
        catch (Exception error)
        {
            Log.Failed(logger, error);
            answer.TrySetException(new UnansweredException("The question could not be answered; the log says why.", isRefused: false, error));
        }
    }

    private bool TryTake(out Question question)
    {
        if (!_waiting.TryDequeue(out question))
        {
            return false;
        }
        if (question.IsOperators)
        {
            Interlocked.Decrement(ref _ofOperators);
        }
        return true;
    }

    private readonly record struct Question(Action<DetectionPipeline> Answer, Action GiveUp, bool IsOperators);

    private static partial class Log
    {
        [LoggerMessage(EventId = 3502, Level = LogLevel.Error, Message = "A question about the live state could not be answered; detection goes on.")]
        public static partial void Failed(ILogger logger, Exception error);
    }
}
